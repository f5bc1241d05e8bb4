// Asking the server, and telling what came of it.

const TOAST_MS = 5000;

let timer = 0;
export function toast(text) {
  const place = document.getElementById("toast");
  place.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { place.textContent = ""; }, TOAST_MS);
}

export async function ask(path, body) {
  const sent = body instanceof Blob ? body : JSON.stringify(body);
  const answer = await fetch(path, body === undefined ? {} : {method: "POST", body: sent}), result = await answer.json();
  if (!answer.ok) throw new Error(result.error);
  return result;
}

export async function act(name, body, path = `/control/${name}`) {
  try {
    const result = await ask(path, body);
    return result ?? true;
  } catch (error) {
    toast(`That did not work: ${error.message}`);
    return null;
  }
}
