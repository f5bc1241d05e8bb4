// A person's side of the embedded Telegram.

import {act, ask, toast} from "./asking.js";
import {menu} from "./commands.js";
import {button, formatted, make, sync} from "./elements.js";
import {attachment, ready} from "./files.js";
import {dialog} from "./making.js";
import {day, item, tone} from "./messages.js";
import {search} from "./search.js";

const GENERAL = 1, STEP = 100, MOST = 1000, PRESS_MS = 15000, SILENT_MS = 40000, AGAIN_MS = 1500;
const $ = id => document.getElementById(id);
const log = $("log"), box = $("text"), scroll = $("scroll");

let me = 0, chat = 0, topic = 0;         // whose page it is, what is open; 0 is all topics
let limit = STEP, reach = 0;             // how far back it goes; a message that is to be shown
let view = null, messages = new Map();   // as the server told it
let source = null, heard = 0;            // the stream, and when it was last heard
let context = null;                      // {kind: "reply" | "quote" | "edit", id} of what is being written
const pressed = new Map();               // callback query -> the button's key
const seen = new Map();                  // chat -> the last message that was on the screen
const unsent = new Map();                // chat -> what stands in the box, and the file beside it
const finding = search(() => { limit = STEP; listen(); }, () => box.focus());
const commands = menu(box, $("commands"), fill);
const attached = attachment($("attached"), file => {
  if (file && context?.kind === "edit") write(null);
  box.maxLength = file ? 1024 : 4096;    // a caption, or a text
  box.placeholder = file ? "Caption" : "Message";
  if (file) box.focus();
}, toast);

// Showing what the server told

function show() {
  const list = [...messages.values()], here = view.chats.find(each => each.id === chat);
  if (!here) return open(me, me);
  view.group = here.kind !== "private";
  const stays = isAway();
  const last = finding.words ? null : list.at(-1), isNew = last && last.id > (seen.get(chat) ?? 0);
  list.forEach((message, i) => {
    message.newDay = i && day(list[i - 1].date) === day(message.date) ? "" : day(message.date);
  });
  const waiting = [...pressed.values()], look = {chat, topic, group: view.group, writable: here.writable, finds: finding.words !== ""};
  sync(log, list.map(m => ({...m, look, waits: waiting.filter(name => name.startsWith(`${m.id}/`))})), m => m.id,
    message => item(message, look, does));
  header(here);
  sync($("chats"), view.chats.map(each => ({...each, open: each.id === chat, fresh: fresh(each)})), each => each.id, entry);
  sync($("person"), view.people, each => each.id, each => make("option", {value: each.id, selected: each.id === me}, each.name));
  $("person").value = me;
  draft();
  $("earlier").hidden = !view.earlier || limit >= MOST;
  $("empty").hidden = list.length > 0;
  $("empty-text").textContent = finding.words ? "No message has these words." : "Nothing was said here yet.";
  $("start").hidden = view.group || finding.words !== "";
  $("compose").hidden = !here.writable;
  $("closed").hidden = here.writable;
  finding.tell(list.length, view.earlier);
  if (!stays || (isNew && last.own)) bottom();
  else if (isNew && seen.has(chat)) $("down").hidden = false;
  if (last) seen.set(chat, Math.max(last.id, seen.get(chat) ?? 0));
  answers();
  suggest();
}

const fresh = each => Boolean(each.last && !each.last.own && each.id !== chat && each.last.id > (seen.get(each.id) ?? 0));

function header(here) {
  const action = view.action ? `${view.bot.name} is ${view.action.replaceAll("_", " ")}…` : "";
  $("title").textContent = here.title;
  $("about").textContent = action || about(here);
  $("avatar").textContent = letter(here.title);
  $("avatar").className = `avatar ${tone(here.id)}`;
  $("back").href = `#${me}`;
  const topics = view.topics.length ? [{id: 0, name: "All"}, ...view.topics] : [];
  $("topics").hidden = !topics.length;
  sync($("topic-list"), topics.map(each => ({...each, open: each.id === topic})), each => each.id, tab);
}

const tab = each => make("li", {}, button("topic", each.name, () => open(me, chat, each.id), {"aria-current": each.open ? "true" : null}));

function about({kind, members}) {
  if (kind === "private") return "bot";
  return `${members} ${kind === "channel" ? "subscriber" : "member"}${members === 1 ? "" : "s"}`;
}

const SIGNS = {forum: "forum", channel: "channel"};
const letter = title => [...title][0]?.toUpperCase() ?? "?";

function entry(each) {
  const last = each.last ? `${each.last.own || ["group", "forum"].includes(each.kind) ? `${each.last.name}: ` : ""}${each.last.text}` : "No messages yet";
  return make("li", {}, make("a", {href: path(me, each.id), "data-focus": "chat", "aria-current": each.open ? "page" : null},
    make("span", {className: `avatar ${tone(each.id)}`, ariaHidden: "true"}, letter(each.title)),
    make("span", {className: "entry"}, make("strong", {}, each.title, SIGNS[each.kind] ? make("small", {}, ` ${SIGNS[each.kind]}`) : ""), make("span", {}, last)),
    each.fresh ? make("span", {className: "dot", role: "img", ariaLabel: "new messages"}) : ""));
}

function draft() {
  const growing = finding.words ? null : view.draft;
  $("draft").hidden = !growing;
  $("draft").replaceChildren(...(growing ? formatted(growing.text, growing.entities, "") : []));
}

function answers() {
  for (const id of pressed.keys()) if (id in view.answers) {
    pressed.delete(id);
    if (view.answers[id].text) toast(view.answers[id].text);
    queueMicrotask(show);
  }
}

const isAway = () => scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight > 80;

function bottom() {
  scroll.scrollTop = scroll.scrollHeight;
  $("down").hidden = true;
}

// Show a message in the chat, however far back it is.
function go(id) {
  if (!finding.words && messages.has(id)) return point(id);
  finding.forget();
  reach = id;
  listen();
}

function point(id) {
  const target = log.querySelector(`[data-key="${id}"]`);
  if (!target) return toast("That message is gone, or too far back");
  target.scrollIntoView({block: "center"});
  target.focus({preventScroll: true});
}

// Acting

let turn = Promise.resolve();            // one after the other, in the order of doing
const inTurn = step => turn = turn.then(step);

function say(text, more = {}) {
  const body = {chat, person: me, text, ...more};
  return inTurn(() => act("say", body));
}

function give(file, kind, more) {
  const about = {me, chat, ...more};
  return inTurn(async () => {
    try {
      const {body, ...told} = await ready(file, kind);
      return act("files", body, `/page/files?${new URLSearchParams({...about, ...told})}`);
    } catch {
      toast("That picture cannot be read here; send it as a file");
      return null;
    }
  });
}

async function submit() {
  const text = box.value.trim(), about = context, {file, kind} = attached;
  if (!text && !file) return;
  if (about?.kind === "quote" && !messages.get(about.id)?.text.includes(quoted())) return toast("The message has no such words");
  const place = chat, there = where(about);
  if (finding.words) go(0);
  fill("");
  write(null);
  attached.put(null);
  const done = about?.kind === "edit" ? await act("edit", {chat, message_id: about.id, text})
    : file ? await give(file, kind, {...there, caption: text}) : await say(text, there);
  if (done || place !== chat) return;
  fill(`${text}${box.value && `\n${box.value}`}`);
  if (file) attached.put(file);
}

const quoted = () => $("quoted").value.trim();

// Of what is marked in a message, or else all of it, to be cut down.
function wordsOf(message) {
  const marked = getSelection(), within = log.querySelector(`[data-key="${message.id}"] .text`), words = marked.toString().trim();
  const isHere = words && within.contains(marked.anchorNode) && within.contains(marked.focusNode) && message.text.includes(words);
  return isHere ? words : message.text.slice(0, 1024).trim();
}

function where(about) {
  const within = about ? messages.get(about.id)?.topic?.id : topic > GENERAL && topic;
  const quote = about?.kind === "quote" && quoted();
  return {...(about && {reply_to: about.id}), ...(within && {topic: within}), ...(quote && {quote})};
}

// One that is held already is taken back; all others stay.
async function react(id, type) {
  const message = messages.get(id), before = message.held, same = each => JSON.stringify(each) === JSON.stringify(type);
  const reactions = before.some(same) ? before.filter(each => !same(each)) : [...before, type];
  message.held = reactions;              // for the next one, if that comes before the server has told of this
  const body = {chat, person: me, message_id: id, reactions};
  if (!await inTurn(() => act("react", body))) message.held = before;
}

const does = {say: text => say(text), go, react, press, write};

async function press(message, each, name) {
  const result = await act("press", {chat, person: me, message_id: message.id, data: each.data});
  if (!result) return;
  pressed.set(result.callback_query_id, name);
  show();
  setTimeout(() => { if (pressed.delete(result.callback_query_id)) show(); }, PRESS_MS);
}

// Writing

function write(kind, message) {
  if (context?.kind === "edit" && kind !== "edit") fill("");
  context = kind && {kind, id: message.id};
  $("context").hidden = !kind;
  if (!kind) return;
  const whose = message.own ? "yourself" : message.author.name;
  $("context-name").textContent = {edit: "Edit", quote: `Quote of ${whose}`}[kind] ?? `Reply to ${whose}`;
  $("context-text").textContent = kind === "quote" ? "" : message.text || message.media || message.file?.name || "";
  $("quoted").hidden = kind !== "quote";
  if (kind === "quote") $("quoted").value = wordsOf(message);
  if (kind === "edit") {
    attached.put(null);
    fill(message.text);
  }
  box.focus();
}

function take(data) {
  const file = data.files[0];
  if (file) attached.put(file);
  return Boolean(file);
}

function fill(text) {
  box.value = text;
  grow();
  suggest();
}

function grow() {
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, 160)}px`;
}

const suggest = () => commands.suggest(view && !context ? view.commands : []);

function keys(event) {
  if (event.isComposing || event.altKey) return;
  const {key} = event;
  if (commands.takes(event)) return event.preventDefault();
  if (key === "Enter" && !event.shiftKey) submit();
  else if (key === "Escape") { write(null); if (commands.isOpen) fill(""); }
  else if (key === "ArrowUp" && !box.value) {
    const last = [...messages.values()].findLast(message => message.editable);
    if (last) write("edit", last);
  } else return;
  event.preventDefault();
}

// Alt and an arrow: the next chat of the list, as Telegram's program has it.
function turnTo(event) {
  const step = event.altKey && {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (!step || !view || $("ask").open) return;
  const next = view.chats[view.chats.findIndex(each => each.id === chat) + step];
  if (next) open(me, next.id);
  event.preventDefault();
}

function walk(event) {
  if (event.altKey) return;
  const step = {ArrowUp: -1, ArrowDown: 1}[event.key];
  if (event.key === "Escape") return box.focus();
  if (!step) return;
  const rows = [...log.querySelectorAll(":scope > li[tabindex]")], at = rows.indexOf(document.activeElement.closest("#log > li"));
  const next = rows[at < 0 ? rows.length - 1 : at + step];
  if (next) { next.focus(); next.scrollIntoView({block: "nearest"}); }
  event.preventDefault();
}

async function makeChat({name, kind, members}) {
  const made = kind === "channel" ? await act("channel", {title: name, members, admins: [me]})
    : await act("group", {title: name, members: [me, ...members], forum: kind === "forum"});
  if (made) open(me, made.id);
}

async function makePerson({name}) {
  const person = await act("person", {first_name: name});
  if (person) open(person.id, person.id);
}

async function makeTopic({name}) {
  const made = await act("topic", {chat, name});
  if (made) open(me, chat, made.message_thread_id);
}

// Listening

const path = (person, chat, topic = 0) => `#${person}/${chat}${topic ? `/${topic}` : ""}`;
const open = (...where) => { location.hash = path(...where); };

async function start() {
  const people = await ask("/page/people"), [, person, there, thread = 0] = /^#(\d+)(?:\/(-?\d+)(?:\/(\d+))?)?/.exec(location.hash) ?? [];
  const known = people.find(each => each.id === Number(person)) ?? await ask("/page/you", {});
  unsent.set(chat, {text: box.value, file: attached.file});
  const isOpen = there !== undefined || person === undefined;
  document.body.classList.toggle("in-chat", isOpen);
  if (person === undefined || known.id !== Number(person)) return open(known.id, known.id);
  const next = [known.id, Number(there ?? person), Number(thread)];
  if (String(next) !== String([me, chat, topic])) {
    [me, chat, topic] = next;
    [limit, reach] = [STEP, 0];
    finding.forget();
    log.replaceChildren();
    write(null);
    const {text = "", file = null} = unsent.get(chat) ?? {};
    attached.put(file);
    fill(text);
    if (isOpen && matchMedia("(hover: hover)").matches) box.focus();
  }
  listen();
}

function listen() {
  source?.close();
  let isFirst = true;
  heard = Date.now();
  const wanted = reach, asked = new URLSearchParams({me, chat, topic, limit, reach, find: finding.words});
  source = new EventSource(`/page/events?${asked}`);
  source.onmessage = event => {
    heard = Date.now();
    const {messages: changed, ids, ...rest} = JSON.parse(event.data), before = isFirst ? new Map() : messages;
    const told = new Map(changed.map(message => [message.id, message]));
    messages = new Map(ids.map(id => [id, told.get(id) ?? before.get(id)]));
    if (isFirst) for (const each of rest.chats) if (each.last && !seen.has(each.id)) seen.set(each.id, each.last.id);
    view = rest;
    $("trouble").textContent = "";
    const below = scroll.scrollHeight - scroll.scrollTop;
    show();
    if (isFirst) scroll.scrollTop = scroll.scrollHeight - (limit === STEP ? 0 : below);
    if (isFirst && wanted) reached(wanted);
    if (isFirst) $("topic-list").querySelector("[aria-current]")?.scrollIntoView({block: "nearest", inline: "nearest"});
    isFirst = false;
  };
  source.addEventListener("beat", () => { heard = Date.now(); });
  source.onerror = () => { $("trouble").textContent = "The server cannot be reached. Trying again…"; };
}

function reached(id) {
  [limit, reach] = [Math.max(limit, messages.size), 0];
  point(id);
}

// Also after the machine slept, or the server was started anew and knows nobody of before.
async function watch() {
  const lost = !source || source.readyState === EventSource.CLOSED || Date.now() - heard > SILENT_MS;
  if (lost && !document.hidden) await begin();
}

async function begin() {
  try { await start(); } catch { $("trouble").textContent = "The server cannot be reached. Trying again…"; }
}

box.addEventListener("input", () => { grow(); suggest(); });
box.addEventListener("keydown", keys);
scroll.addEventListener("keydown", walk);
log.addEventListener("click", event => { if (!event.target.closest("button, a, pre")) event.target.closest("li")?.focus({preventScroll: true}); });
scroll.addEventListener("scroll", () => { if (!isAway()) $("down").hidden = true; });
$("compose").addEventListener("submit", event => { event.preventDefault(); submit(); box.focus(); });
$("quoted").onkeydown = event => {
  if (event.key === "Escape") write(null);
  else if (event.key !== "Enter" || event.isComposing) return;
  event.preventDefault();
  box.focus();
};
$("context-end").onclick = () => { write(null); box.focus(); };
$("attach").onclick = () => $("file").click();
$("file").onchange = () => { attached.put($("file").files[0]); $("file").value = ""; };
box.addEventListener("paste", event => { if (take(event.clipboardData)) event.preventDefault(); });
$("room").addEventListener("dragover", event => { if (event.dataTransfer.types.includes("Files")) event.preventDefault(); });
$("room").addEventListener("drop", event => { event.preventDefault(); take(event.dataTransfer); });
$("start").onclick = () => { say("/start"); box.focus(); };
$("down").onclick = bottom;
$("earlier").onclick = () => { limit += STEP; listen(); };
$("person").onchange = () => open($("person").value, $("person").value);
$("new-person").onclick = () => dialog("New person", makePerson);
$("new-chat").onclick = () => dialog("New chat with the bot", makeChat, {others: view.people.filter(person => person.id !== me), kinds: true});
$("new-topic").onclick = () => dialog("New topic", makeTopic);
document.addEventListener("keydown", turnTo);
addEventListener("hashchange", begin);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) { source?.close(); source = null; } else begin(); // a browser has few connections to one server
});
setInterval(watch, AGAIN_MS);
begin();
