// Asks an address until it answers 200: `node ops/probe.mjs <address> [seconds, default 3]`.
// For service managers and containers, which have a Node and may have no curl.
const [url = 'http://127.0.0.1:4711/livez', seconds = '3'] = process.argv.slice(2);
const untilMs = Date.now() + Number(seconds) * 1_000;

async function isUp() {
  try {
    const left = Math.max(1, untilMs - Date.now());
    return (await fetch(url, { signal: AbortSignal.timeout(Math.min(left, 3_000)) })).ok;
  } catch {
    return false;
  }
}

let up = await isUp();
while (!up && Date.now() < untilMs) {
  await new Promise((resolve) => setTimeout(resolve, 200));
  up = await isUp();
}
if (!up) console.error(`${url} did not answer 200 within ${seconds} s`);
process.exitCode = up ? 0 : 1;
