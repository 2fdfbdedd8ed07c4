import { openSync } from 'node:fs';
import { ReadStream } from 'node:tty';
import { createNativeProvider, type NativeProvider } from '@basalt/crypto';
import type { Clock } from '@basalt/protocol';
import { type Home, openHome } from './home.ts';
import type { InputStream } from './input/open-sources.ts';
import { createAskPassphrase, type Keyboard } from './keys/ask-passphrase.ts';
import { KeyStore } from './keys/key-store.ts';
import { type OutputStream, Terminal } from './view/terminal.ts';

/** Everything that a command touches of the world. */
export interface Context {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly input: InputStream;
  /** Results. */
  readonly output: OutputStream & { write(data: string | Uint8Array): unknown };
  /** Progress, notices, errors: never mixed into results. */
  readonly terminal: Terminal;
  /** Results as lines for people, coloured on a terminal. */
  readonly screen: Terminal;
  readonly clock: Clock;
  readonly home: Home;
  readonly provider: () => NativeProvider;
  /** Keys; questions go to the terminal unless `unattended`. */
  readonly keys: (options?: { readonly unattended?: boolean }) => KeyStore;
  /** Fires at the first Ctrl+C; the second ends the process. */
  readonly signal: AbortSignal;
}

/** The context of a real process. */
export function createContext(signal: AbortSignal): Context {
  const environment = process.env;
  const home = openHome(environment);
  let provider: NativeProvider | undefined;
  const getProvider = (): NativeProvider => {
    provider ??= createNativeProvider();
    return provider;
  };
  return {
    environment,
    input: process.stdin,
    output: process.stdout,
    terminal: new Terminal(process.stderr, environment),
    screen: new Terminal(process.stdout, environment),
    clock: { nowMs: () => Date.now() },
    home,
    provider: getProvider,
    keys: ({ unattended = false } = {}) => {
      const keyboard = unattended ? undefined : openKeyboard();
      return new KeyStore(home.keys, getProvider(), createAskPassphrase(environment, keyboard));
    },
    signal,
  };
}

/** The keyboard, also where standard input is a pipe; undefined without a terminal. */
function openKeyboard(): Keyboard | undefined {
  if (process.stderr.isTTY !== true) return undefined;
  if (process.stdin.isTTY) return { input: process.stdin, output: process.stderr };
  try {
    return { input: new ReadStream(openSync('/dev/tty', 'r')), output: process.stderr };
  } catch {
    return undefined;
  }
}
