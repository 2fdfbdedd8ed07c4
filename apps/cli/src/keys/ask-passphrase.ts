import type { AskPassphrase } from './key-store.ts';

const ENTER = new Set([0x0d, 0x0a]);
const CONTROL_C = 0x03;
const CONTROL_D = 0x04;
const BACKSPACES = new Set([0x08, 0x7f]);

/** A keyboard in raw mode, and where questions are written. */
export interface Keyboard {
  readonly input: NodeJS.ReadStream;
  readonly output: { write(text: string): unknown };
}

/**
 * BASALT_PASSPHRASE where it is set; else a question on the terminal, unseen, twice for a new key;
 * undefined where there is neither. An empty answer to a new key means: no encryption.
 */
export function createAskPassphrase(
  environment: Readonly<Record<string, string | undefined>>,
  keyboard: Keyboard | undefined,
): AskPassphrase {
  return async (question, isNew) => {
    const given = environment['BASALT_PASSPHRASE'];
    if (given !== undefined && given !== '') return given;
    if (keyboard === undefined) return undefined;
    if (!isNew) return await readHidden(keyboard, `${question}: `);
    for (;;) {
      const first = await readHidden(keyboard, `new ${question} (empty: not encrypted): `);
      if (first === '') return '';
      const second = await readHidden(keyboard, 'the same again: ');
      if (first === second) return first;
      keyboard.output.write('these were two different ones, once more\n');
    }
  };
}

function readHidden({ input, output }: Keyboard, question: string): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve, reject) => {
    let bytes: number[] = [];
    const end = (settle: () => void): void => {
      input.off('data', take);
      input.setRawMode(false);
      input.pause();
      output.write('\n');
      settle();
    };
    const take = (piece: Buffer): void => {
      for (const byte of piece) {
        if (ENTER.has(byte)) return end(() => resolve(Buffer.from(bytes).toString()));
        if (byte === CONTROL_C || byte === CONTROL_D) {
          return end(() => reject(new Error('interrupted')));
        }
        if (BACKSPACES.has(byte)) bytes = withoutLastCharacter(bytes);
        else bytes.push(byte);
      }
    };
    input.on('data', take);
  });
}

/** UTF-8: the bytes of one character are its first one and those of the form 10xxxxxx behind it. */
function withoutLastCharacter(bytes: readonly number[]): number[] {
  const first = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.slice(0, Math.max(0, first));
}
