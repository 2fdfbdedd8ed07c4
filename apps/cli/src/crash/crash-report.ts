import { redactFields, redactText } from './redact.ts';

/** How an error came that nobody caught. */
export type CrashKind = 'uncaughtException' | 'unhandledRejection';

export interface CrashFacts {
  readonly kind: CrashKind;
  readonly error: unknown;
  readonly atMs: number;
  readonly version: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly lines: readonly string[];
  /** Versions, memory, limits: numbers and short texts without secrets. */
  readonly machine: Readonly<Record<string, unknown>>;
  /** Folder of the person that runs it; it is not told. */
  readonly home: string;
}

/** An error and what caused it. */
const CAUSES_MAX = 5;
const TEXT_LENGTH_MAX = 4_096;
const STACK_LENGTH_MAX = 16_384;

/** What helps to find a defect, and nothing that its finder must not see. */
export function crashReport(facts: CrashFacts): Record<string, unknown> {
  const { kind, error, atMs, version, config, lines, machine, home } = facts;
  return {
    about: 'A crash of basalt. It holds no keys, tokens or payloads; read it before you send it.',
    at: new Date(atMs).toISOString(),
    kind,
    version,
    errors: errorsOf(error, home),
    machine,
    config: redactFields(config, home),
    lastLines: lines.map((line) => redactText(line, home)),
  };
}

function errorsOf(error: unknown, home: string): Record<string, unknown>[] {
  const errors: Record<string, unknown>[] = [];
  let next = error;
  while (next !== undefined && errors.length < CAUSES_MAX) {
    if (!(next instanceof Error)) {
      const message = typeof next === 'string' ? next : `something thrown, of type ${typeof next}`;
      errors.push({ message: redactText(message.slice(0, TEXT_LENGTH_MAX), home) });
      break;
    }
    const { code } = next as { code?: unknown };
    errors.push({
      name: redactText(next.name, home),
      ...(typeof code === 'number' ? { code } : {}),
      ...(typeof code === 'string' ? { code: redactText(code, home) } : {}),
      message: redactText(next.message.slice(0, TEXT_LENGTH_MAX), home),
      stack: framesOf(next, home),
    });
    next = next.cause;
  }
  return errors;
}

/** Ends of the lines that V8 writes: a place, or what has none. */
const FRAME = /^at .*(?::\d+:\d+\)?|\((?:<anonymous>|native|index \d+)\))$/;

/** Where it was, without the message that stands before it: that may have lines like frames. */
export function framesOf({ stack, message }: Error, home: string): string[] {
  if (typeof stack !== 'string') return [];
  const at = stack.indexOf(message);
  const frames = at === -1 ? stack : stack.slice(at + message.length);
  return frames
    .slice(0, STACK_LENGTH_MAX)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => FRAME.test(line))
    .map((line) => redactText(line, home));
}
