// Files: made ready as Telegram's programs do it, and shown in messages. Nothing here is loaded from elsewhere.

import {button, make} from "./elements.js";

const SIDE = 1280, QUALITY = 0.87;       // of a photo, in pixels and as JPEG
const NAMES = {photo: "Photo", voice: "Voice", document: "File"};
const MOST = 50_000_000;

export const size = bytes => bytes < 1000 ? `${bytes} bytes` : bytes < 1e6 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;

// What a file can be sent as, the likeliest first.
const kinds = file => [/^image\/(?!svg)/.test(file.type) && "photo", file.type.startsWith("audio/") && "voice", "document"].filter(Boolean);

// The one file that goes with the next message. `changed` is called when it comes or goes, `refuse` says why it cannot.
export function attachment(place, changed, refuse) {
  let file = null;
  const kind = make("select", {ariaLabel: "Send as"});
  const name = make("strong"), bytes = make("small");
  const put = given => {
    if (given?.size > MOST) return refuse("A file has at most 50 MB");
    if (given?.size === 0) return refuse("That file is empty");
    file = given ?? null;
    place.hidden = !file;
    if (file) {
      name.textContent = file.name;
      bytes.textContent = ` ${size(file.size)}`;
      kind.replaceChildren(...kinds(file).map(each => make("option", {value: each}, NAMES[each])));
      kind.disabled = kind.options.length < 2;
    }
    changed(file);
  };
  place.append(make("span", {ariaHidden: "true"}, "📎"), make("p", {}, name, bytes), kind, button("unattach", "✕", () => put(null), {"aria-label": "Remove the file"}));
  return {put, get file() { return file; }, get kind() { return kind.value; }};
}

// What is sent of it: the body, and what the bot is told besides. Errors: a picture that cannot be read.
export async function ready(file, kind) {
  if (kind === "photo") return {kind, ...await picture(file)};
  if (kind === "voice") return {kind, body: file, seconds: await seconds(file)};
  return {kind, body: file, name: file.name};
}

async function picture(file) {
  const bitmap = await createImageBitmap(file), scale = Math.min(1, SIDE / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map(side => Math.max(1, Math.round(side * scale)));
  const canvas = make("canvas", {width, height}), pen = canvas.getContext("2d");
  pen.fillStyle = "white";
  pen.fillRect(0, 0, width, height);
  pen.drawImage(bitmap, 0, 0, width, height);
  return {body: await new Promise(done => canvas.toBlob(done, "image/jpeg", QUALITY)), width, height};
}

async function seconds(file) {
  try {
    const {duration} = await new OfflineAudioContext(1, 1, 8000).decodeAudioData(await file.arrayBuffer());
    return Math.max(1, Math.round(duration));
  } catch { return 0; }                  // a format that this browser does not know
}

// A document is saved and never shown, whatever it says it is.
export function shown(file) {
  const {kind, name} = file, query = new URLSearchParams({name, type: file.type});
  const address = `/page/files/${encodeURIComponent(file.file)}?${query}`, sort = kind === "document" ? "" : file.type.split("/")[0];
  const saved = {"data-focus": "file", download: name, href: address}, sides = file.width ? {width: file.width, height: file.height} : {};
  const played = {controls: true, preload: "metadata", src: address, "data-focus": "file", ariaLabel: kind.replace("_", " ")};
  if (sort === "image") return make("a", {className: `photo ${kind}`, ariaLabel: `Save ${name}`, ...saved}, make("img", {src: address, alt: kind, ...sides}));
  if (sort === "video") return make("video", {...played, ...sides});
  if (sort === "audio") return make("audio", played);
  return make("a", {className: "file", ...saved}, make("span", {ariaHidden: "true"}, "📄"),
    make("span", {}, make("strong", {}, name), make("small", {}, size(file.size))));
}
