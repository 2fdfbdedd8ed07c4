import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificates } from '../../src/timestamp/timestamp-client.ts';

const CONFIG = `[tsa]
default_tsa = here
[here]
serial = serial
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ess_cert_id_alg = sha256
`;

/** Debian's openssl with its time-stamping command, or the reason why a test is skipped. */
export const opensslMissing: string | false =
  spawnSync('openssl', ['version']).status === 0
    ? false
    : 'openssl is not installed: nobody can play the time-stamping authority';

type SignerName = 'good' | 'rsa' | 'expired' | 'loose' | 'many' | 'none';

/** What kind of certificate each signer has: days and extended key usage. */
const SIGNERS: Record<SignerName, { days: number; usage: string }> = {
  good: { days: 10, usage: 'extendedKeyUsage=critical,timeStamping' },
  rsa: { days: 10, usage: 'extendedKeyUsage=critical,timeStamping' },
  expired: { days: -1, usage: 'extendedKeyUsage=critical,timeStamping' },
  loose: { days: 10, usage: 'extendedKeyUsage=timeStamping' },
  many: { days: 10, usage: 'extendedKeyUsage=critical,timeStamping,emailProtection' },
  none: { days: 10, usage: 'keyUsage=critical,digitalSignature' },
};

/** A certificate authority and time-stamping signers in a folder of their own. */
export class TestAuthority implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'basalt-tsa-'));
  #server: Server | undefined;

  constructor() {
    writeFileSync(join(this.#folder, 'ts.cnf'), CONFIG);
    writeFileSync(join(this.#folder, 'serial'), '01\n');
    this.#keyPair('ca');
    const subject = ['-subj', '/CN=Test CA', '-days', '30', '-key', 'ca.key', '-out', 'ca.pem'];
    const extensions = ['-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
    this.#run('req', '-x509', ...subject, ...extensions);
  }

  get trusted(): Uint8Array[] {
    return parseCertificates(readFileSync(join(this.#folder, 'ca.pem'), 'utf8'));
  }

  addSigner(name: SignerName): void {
    const { days, usage } = SIGNERS[name];
    this.#keyPair(name);
    this.#run('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`);
    writeFileSync(join(this.#folder, `${name}.ext`), `${usage}\n`);
    const ca = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial'];
    const cert = ['-days', String(days), '-extfile', `${name}.ext`, '-out', `${name}.pem`];
    this.#run('x509', '-req', '-in', `${name}.csr`, ...ca, ...cert);
  }

  /** A time-stamp response by `openssl ts`. */
  reply(query: Uint8Array, signer: SignerName = 'good'): Uint8Array {
    writeFileSync(join(this.#folder, 'query'), query);
    const key = ['-signer', `${signer}.pem`, '-inkey', `${signer}.key`, '-chain', 'ca.pem'];
    this.#run('ts', '-reply', '-config', 'ts.cnf', '-queryfile', 'query', ...key, '-out', 'reply');
    return readFileSync(join(this.#folder, 'reply'));
  }

  /** The token's TSTInfo signed anew by a signer that `openssl ts` would not let sign. */
  resign(token: Uint8Array, signer: SignerName): Uint8Array {
    writeFileSync(join(this.#folder, 'token'), token);
    const info = ['-inform', 'DER', '-in', 'token', '-noverify', '-binary', '-out', 'info'];
    this.#run('cms', '-verify', ...info);
    const type = ['-econtent_type', '1.2.840.113549.1.9.16.1.4', '-cades', '-md', 'sha256'];
    const key = ['-signer', `${signer}.pem`, '-inkey', `${signer}.key`];
    const files = ['-in', 'info', '-outform', 'DER', '-out', 'resigned'];
    this.#run('cms', '-sign', '-binary', '-nodetach', ...type, ...key, ...files);
    return readFileSync(join(this.#folder, 'resigned'));
  }

  /** Serves the authority on a loopback port; `answer` may put another reply in its place. */
  async listen(
    answer?: (query: Uint8Array) => { status: number; body: Uint8Array },
  ): Promise<string> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const query = Buffer.concat(pieces);
        const isQuery = request.headers['content-type'] === 'application/timestamp-query';
        const { status, body } = answer?.(query) ?? {
          status: isQuery ? 200 : 415,
          body: isQuery ? this.reply(query) : new Uint8Array(0),
        };
        response.writeHead(status, { 'Content-Type': 'application/timestamp-reply' });
        response.end(body);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/tsr?a=1`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    if (server !== undefined) {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #keyPair(name: string): void {
    const kind =
      name === 'rsa'
        ? ['RSA', '-pkeyopt', 'rsa_keygen_bits:2048']
        : ['EC', '-pkeyopt', 'ec_paramgen_curve:P-256'];
    this.#run('genpkey', '-algorithm', ...kind, '-out', `${name}.key`);
  }

  #run(...parameters: string[]): void {
    execFileSync('openssl', parameters, { cwd: this.#folder, stdio: 'pipe', timeout: 30_000 });
  }
}
