/**
 * The load, in a process of its own where wrk is not installed: keeps a number of connections busy
 * with one request after the other for a time, prints the number of answers. Arguments: port,
 * connections, milliseconds, then paths that are asked for in turn.
 */
import { connect } from 'node:net';

const [port = '0', connections = '0', durationMs = '0', ...paths] = process.argv.slice(2);
const requests = paths.map((path) =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`),
);
const HEAD_END = Buffer.from('\r\n\r\n');
let answers = 0;
let turn = 0;
let stopping = false;

function open(): void {
  const socket = connect(Number(port), '127.0.0.1');
  socket.setNoDelay(true);
  /** Bytes of the answer that are still to come; 0 between answers. */
  let missing = 0;
  const ask = (): void => {
    if (stopping) socket.destroy();
    else socket.write(requests[turn++ % requests.length] as Buffer);
  };
  socket.on('connect', ask);
  socket.on('error', () => {});
  socket.on('data', (data: Buffer) => {
    if (missing === 0) {
      const end = data.indexOf(HEAD_END);
      const head = data.subarray(0, end).toString('latin1');
      if (!head.startsWith('HTTP/1.1 200')) throw new Error(head);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1]);
      missing = end + HEAD_END.length + length - data.length;
    } else missing -= data.length;
    if (missing > 0) return;
    answers++;
    ask();
  });
}

for (let i = 0; i < Number(connections); i++) open();
setTimeout(() => {
  stopping = true;
  console.log(answers);
  process.exit(0);
}, Number(durationMs));
