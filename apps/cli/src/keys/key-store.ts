import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CryptoError, readKeyFile, writeKeyFile } from '@basalt/crypto';
import {
  type CryptoProvider,
  fromBase64,
  type KeyPair,
  keyId,
  type PlainAlgorithmId,
  toHex,
} from '@basalt/protocol';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { ensureFolder } from '../home.ts';

const EXTENSION = '.key';
/** Keys that wait for a rotation; more than one only while a rotation is under way. */
const NEXT = '.next';
const SECOND_NEXT = '.next2';

/** What anybody may know about a key. */
export interface KeySummary {
  readonly name: string;
  readonly path: string;
  readonly algorithm: PlainAlgorithmId;
  readonly publicKey: Uint8Array;
  /** Hex. */
  readonly keyId: string;
  readonly isEncrypted: boolean;
}

/** Asks for the passphrase of a key; undefined where nobody can be asked. */
export type AskPassphrase = (question: string, isNew: boolean) => Promise<string | undefined>;

/**
 * Keys of a person, one file each: `<name>.key`, and `<name>.next.key` for the key that the next
 * rotation will reveal.
 */
export class KeyStore {
  readonly #folder: string;
  readonly #provider: CryptoProvider;
  readonly #ask: AskPassphrase;
  /** One question per run, also for key and next key together. */
  #passphrase: { readonly text: string | undefined } | undefined;

  constructor(folder: string, provider: CryptoProvider, ask: AskPassphrase) {
    this.#folder = folder;
    this.#provider = provider;
    this.#ask = ask;
  }

  /** `name` may be a path (with a separator or `.key` at its end). */
  pathOf(name: string): string {
    if (name.endsWith(EXTENSION) || /[\\/]/.test(name)) return resolve(name);
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._ -]{0,100}$/u.test(name)) {
      throw new CliError(
        EXIT.usage,
        'bad-key-name',
        `"${name}" is no name for a key file`,
        'use letters, digits, dots, dashes; or give the path of a key file with --key',
      );
    }
    return join(this.#folder, name + EXTENSION);
  }

  has(name: string): boolean {
    this.#repair(name);
    return existsSync(this.pathOf(name));
  }

  /** Names of the keys in use, without those that wait for a rotation or had one. */
  names(): string[] {
    return this.allNames().filter((name) => !/\.(next2?|retired-[0-9a-f]{8})$/.test(name));
  }

  allNames(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith(EXTENSION))
      .map((file) => file.slice(0, -EXTENSION.length))
      .sort();
  }

  /** What the file says in the open; the secret is not touched. @throws CliError `no-key` */
  summary(name: string): KeySummary {
    this.#repair(name);
    const path = this.pathOf(name);
    let content: { algorithm: PlainAlgorithmId; publicKey: string; encryption: unknown };
    try {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      throw noKey(path, error);
    }
    const publicKey = fromBase64(content.publicKey);
    return {
      name,
      path,
      algorithm: content.algorithm,
      publicKey,
      keyId: toHex(keyId(content.algorithm, publicKey, this.#provider.sha256)),
      isEncrypted: content.encryption !== null,
    };
  }

  /** Opens a key. @throws CliError `no-key`, `wrong-passphrase`, `bad-key` */
  async open(name: string): Promise<KeyPair> {
    const summary = this.summary(name);
    const passphrase = summary.isEncrypted ? await this.#passphraseOf(name, false) : undefined;
    if (summary.isEncrypted && passphrase === undefined) {
      throw new CliError(
        EXIT.usage,
        'no-passphrase',
        `the key ${summary.path} is encrypted, and there is nobody to ask for its passphrase`,
        'set BASALT_PASSPHRASE',
      );
    }
    try {
      return await readKeyFile(summary.path, {
        provider: this.#provider,
        allowUnencrypted: true,
        ...(passphrase === undefined ? {} : { passphrase }),
      });
    } catch (error) {
      throw keyError(error, summary.path);
    }
  }

  /** Makes a key file that must not exist yet. @throws CliError `key-exists` */
  async create(name: string, algorithm: PlainAlgorithmId): Promise<KeySummary> {
    const path = this.pathOf(name);
    if (path.startsWith(this.#folder)) ensureFolder(this.#folder);
    if (existsSync(path)) throw keyExists(path); // before anybody types a passphrase
    return await this.#write(name, algorithm, await this.#passphraseOf(name, true));
  }

  /**
   * The next key of `name` (or the one after it), protected as that is; made where it is not there.
   */
  async ensureBeside(name: string, besideName: string): Promise<KeySummary> {
    if (existsSync(this.pathOf(besideName))) return this.summary(besideName);
    const { algorithm, isEncrypted } = this.summary(name);
    const passphrase = isEncrypted ? await this.#passphraseOf(name, false) : undefined;
    if (isEncrypted) await this.open(name); // with a wrong passphrase nothing is made
    return await this.#write(besideName, algorithm, passphrase);
  }

  async #write(
    name: string,
    algorithm: PlainAlgorithmId,
    passphrase: string | undefined,
  ): Promise<KeySummary> {
    const path = this.pathOf(name);
    const suite = this.#provider.suite(algorithm);
    const keyPair = suite.keyPairFromSeed(new Uint8Array(randomBytes(suite.seedBytes)));
    const protection = passphrase === undefined ? { unencrypted: true as const } : { passphrase };
    try {
      await writeKeyFile(path, keyPair, { protection });
    } catch (error) {
      throw keyError(error, path);
    }
    return this.summary(name);
  }

  /** Name of the key that the next rotation of `name` reveals, and of the one after it. */
  nextName(name: string): string {
    return this.#beside(name, NEXT);
  }

  secondNextName(name: string): string {
    return this.#beside(name, SECOND_NEXT);
  }

  /**
   * After a rotation: the key moves aside, the next one takes its place, the one after it becomes
   * the next. Interrupted anywhere, `repair` goes on.
   */
  promote(name: string): void {
    const { keyId: retired } = this.summary(name);
    const path = this.pathOf(name);
    renameSync(path, this.#beside(name, `.retired-${retired.slice(0, 8)}`));
    this.#repair(name);
  }

  #repair(name: string): void {
    const path = this.pathOf(name);
    const next = this.#beside(name, NEXT);
    if (!existsSync(path) && existsSync(next)) renameSync(next, path);
    const second = this.#beside(name, SECOND_NEXT);
    if (existsSync(path) && !existsSync(next) && existsSync(second)) renameSync(second, next);
  }

  #beside(name: string, suffix: string): string {
    return this.pathOf(name).slice(0, -EXTENSION.length) + suffix + EXTENSION;
  }

  /** A new passphrase, typed twice; undefined where nobody can be asked. */
  async askNew(name: string): Promise<string | undefined> {
    return await this.#ask(`passphrase of the key "${name}"`, true);
  }

  /** Seals a key anew: another passphrase, or none. */
  async protect(name: string, passphrase: string): Promise<void> {
    const path = this.pathOf(name);
    const keyPair = await this.open(name);
    const protection = passphrase === '' ? { unencrypted: true as const } : { passphrase };
    await writeKeyFile(path, keyPair, { protection, replace: true });
  }

  async #passphraseOf(name: string, isNew: boolean): Promise<string | undefined> {
    this.#passphrase ??= { text: await this.#ask(`passphrase of the key "${name}"`, isNew) };
    const { text } = this.#passphrase;
    return text === '' ? undefined : text;
  }
}

function noKey(path: string, cause: unknown): CliError {
  return new CliError(
    EXIT.usage,
    'no-key',
    `there is no key ${path}`,
    '`basalt keys list` shows the keys, `basalt keys new <name>` makes one',
    { cause },
  );
}

function keyError(error: unknown, path: string): unknown {
  if (!(error instanceof CryptoError)) return error;
  switch (error.code) {
    case 'wrong-passphrase':
      return new CliError(
        EXIT.usage,
        'wrong-passphrase',
        `the passphrase does not open ${path}`,
        'try again; BASALT_PASSPHRASE is used where it is set',
      );
    case 'key-file-exists':
      return keyExists(path);
    default:
      return new CliError(EXIT.damaged, error.code, `${path}: ${error.message}`);
  }
}

function keyExists(path: string): CliError {
  return new CliError(
    EXIT.usage,
    'key-exists',
    `there is a key ${path} already, and it is not overwritten`,
    'choose another name, or move the file away',
  );
}
