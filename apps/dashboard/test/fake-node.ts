import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NodeStatus } from '@basalt/telemetry';

/** What is done to a whole answer on its way to the page. */
export type Tamper = (path: string, body: Buffer) => Buffer;

/**
 * Stands between the page and a real node: answers some paths itself, changes others on their way,
 * streams the status that a test gives, falls silent when told.
 */
export interface FakeNode extends AsyncDisposable {
  readonly url: string;
  /** By path: a value ready for JSON, or the status code of a refusal. */
  readonly answers: Map<string, unknown>;
  tamper: Tamper;
  /** The stream stays open and says nothing; other questions get no answer. */
  isMute: boolean;
  push(status: NodeStatus): void;
  tellChange(): void;
  /** How often the page has opened the stream. */
  readonly opened: number;
  breakStreams(): void;
  /** As a process that is gone: no connection is taken. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
}

const JSON_FIELDS = { 'content-type': 'application/json', 'cache-control': 'no-store' };
/** Fields that belong to the bytes as they were. */
const DROPPED = ['content-length', 'etag', 'repr-digest', 'transfer-encoding'];

export async function startFakeNode(target: string): Promise<FakeNode> {
  const fake = new Fake(target);
  await fake.comeBack();
  return fake;
}

class Fake implements FakeNode {
  readonly answers = new Map<string, unknown>();
  tamper: Tamper = (_path, body) => body;
  isMute = false;
  opened = 0;
  readonly #target: string;
  readonly #streams = new Set<ServerResponse>();
  readonly #server = createServer((incoming, outgoing) => this.#handle(incoming, outgoing));
  #port = 0;

  constructor(target: string) {
    this.#target = target;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  push(status: NodeStatus): void {
    this.answers.set('/status', status);
    this.#tell('status', status);
  }

  tellChange(): void {
    this.#tell('change', { name: 'x' });
  }

  breakStreams(): void {
    for (const stream of this.#streams) stream.destroy();
  }

  async leave(): Promise<void> {
    this.breakStreams();
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  async comeBack(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.leave();
  }

  #tell(kind: string, value: unknown): void {
    if (this.isMute) return;
    const text = `event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`;
    for (const stream of this.#streams) stream.write(text);
  }

  #handle(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    if (this.isMute && !path.startsWith('/dashboard/')) return;
    const answer = this.answers.get(path);
    if (path === '/status/events' && answer === undefined && this.answers.has('/status')) {
      this.opened++;
      outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      outgoing.write('retry: 1000\n\n');
      this.#streams.add(outgoing);
      outgoing.on('close', () => this.#streams.delete(outgoing));
      return;
    }
    if (typeof answer === 'number') outgoing.writeHead(answer, JSON_FIELDS).end('{}');
    else if (answer !== undefined) {
      outgoing.writeHead(200, JSON_FIELDS).end(JSON.stringify(answer));
    } else this.#pass(incoming, outgoing);
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    // Uncompressed, so that bytes can be changed where they are.
    const headers = { ...incoming.headers, 'accept-encoding': 'identity' };
    const { method, url = '/' } = incoming;
    const asked = request(this.#target + url, { method, headers }, (answer) => {
      const status = answer.statusCode ?? 502;
      if (answer.headers['content-type']?.includes('event-stream') === true) {
        outgoing.writeHead(status, answer.headers);
        answer.pipe(outgoing);
        outgoing.on('close', () => asked.destroy());
        return;
      }
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('end', () => {
        const kept = Object.entries(answer.headers).filter(([name]) => !DROPPED.includes(name));
        outgoing.writeHead(status, Object.fromEntries(kept));
        outgoing.end(this.tamper(url, Buffer.concat(parts)));
      });
    });
    asked.on('error', () => outgoing.destroy());
    incoming.pipe(asked);
  }
}

/** The bytes with one bit changed. */
export function flipAt(body: Buffer, position: number): Buffer {
  const copy = Buffer.from(body);
  copy[position] = (copy[position] as number) ^ 1;
  return copy;
}
