// Searching in a chat: the words, and their marks in what was found.

const PAUSE_MS = 150;
const $ = id => document.getElementById(id);

// `changed` is called when there are other words; `closed` when somebody closes it.
export function search(changed, closed) {
  let words = "", timer = 0;
  const set = text => {
    clearTimeout(timer);
    if (text === words) return;
    words = text;
    changed();
  };
  const toggle = isOpen => {
    $("finding").hidden = !isOpen;
    $("find").ariaExpanded = String(isOpen);
    $("words").value = $("found").textContent = "";
    if (isOpen) $("words").focus();
  };
  const leave = () => { toggle(false); set(""); closed(); };
  $("find").onclick = () => $("finding").hidden ? toggle(true) : leave();
  $("find-end").onclick = leave;
  $("words").oninput = () => { clearTimeout(timer); timer = setTimeout(() => set($("words").value.trim()), PAUSE_MS); };
  $("finding").onsubmit = event => { event.preventDefault(); set($("words").value.trim()); };
  $("finding").onkeydown = event => { if (event.key === "Escape") { event.preventDefault(); leave(); } };
  return {
    get words() { return words; },
    forget() { clearTimeout(timer); words = ""; toggle(false); },
    tell(count, more) { $("found").textContent = words && (count ? `${count}${more ? "+" : ""} found` : "Nothing found"); mark(words); },
  };
}

// Marks lie over the texts and change nothing in them; a browser that knows none shows the texts alone.
function mark(words) {
  if (!CSS.highlights) return;
  const parts = words.split(/\s+/).filter(Boolean).map(word => word.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
  const ranges = parts.length ? [...document.querySelectorAll("#log .text, #log .file strong")].flatMap(each => found(each, new RegExp(parts.join("|"), "giu"))) : [];
  CSS.highlights.set("found", new Highlight(...ranges));
}

function found(element, pattern) {
  const ranges = [], walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) for (const match of walker.currentNode.data.matchAll(pattern)) {
    const range = new Range();
    range.setStart(walker.currentNode, match.index);
    range.setEnd(walker.currentNode, match.index + match[0].length);
    ranges.push(range);
  }
  return ranges;
}
