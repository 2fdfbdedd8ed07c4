import { LOG_DEPTH_MAX, LOG_ITEMS_MAX, LOG_TEXT_LENGTH_MAX } from './limits.ts';
import { LOG_LEVELS, type LogLevel, LogLevels } from './log-levels.ts';
import { traceId } from './tracing.ts';

export type LogFields = Readonly<Record<string, unknown>>;

/** The seam that every package logs through; `node` puts pino behind it. */
export interface Logger {
  /** True when a line of this level would be written: ask before costly fields. */
  isEnabled(level: LogLevel): boolean;
  log(level: LogLevel, message: string, fields?: LogFields): void;
  trace(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line. */
  child(fields: LogFields): Logger;
}

export interface JsonLoggerOptions {
  /** Takes one line, with its line feed. */
  readonly write: (line: string) => void;
  /** Milliseconds since the Unix epoch. */
  readonly clock: { nowMs(): number };
  /** Lines below it are dropped, or below those of the logger's `part`; default `info`. */
  readonly level?: LogLevel | LogLevels;
  readonly fields?: LogFields;
}

/** Fields whose name has one of these words never reach a log. */
const SECRET_WORDS =
  /secret|phrase|passw|token|authorization|credential|cookie|(api|private)[_-]?key|seed|mnemonic/i;

/** Texts that are private keys by their form: PEM, and the signer lines of signed notes. */
const SECRET_TEXT = /-----BEGIN [A-Z ]*PRIVATE KEY|PRIVATE\+KEY\+/;

/**
 * Plain JSON lines: `{"time":<ms>,"level":"info","message":...}`, the `trace` that runs here, and
 * the fields behind. Texts, depth and lists are bounded; names that smell of secrets are replaced.
 */
export function createJsonLogger(options: JsonLoggerOptions): Logger {
  const { write, clock, fields = {} } = options;
  const { level = 'info' } = options;
  const levels = level instanceof LogLevels ? level : new LogLevels(level);
  return makeLogger(
    levels,
    (level, message, all) => {
      const line: Record<string, unknown> = { time: clock.nowMs(), level, message: cut(message) };
      const trace = traceId();
      if (trace !== undefined) line['trace'] = trace;
      for (const [name, value] of Object.entries(all)) {
        // A field named like one of ours is kept beside it instead of hiding it.
        line[Object.hasOwn(line, name) ? `field_${name}` : name] = plain(name, value, 0);
      }
      write(`${JSON.stringify(line)}\n`);
    },
    fields,
  );
}

type Sink = (level: LogLevel, message: string, fields: LogFields) => void;

function makeLogger(levels: LogLevels, sink: Sink, base: LogFields): Logger {
  const part = typeof base['part'] === 'string' ? base['part'] : undefined;
  if (part !== undefined) levels.meet(part);
  const isEnabled = (level: LogLevel): boolean =>
    LOG_LEVELS.indexOf(level) >= LOG_LEVELS.indexOf(levels.of(part));
  const log = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (isEnabled(level))
      sink(level, message, fields === undefined ? base : { ...base, ...fields });
  };
  return {
    isEnabled,
    log,
    trace: (message, fields) => log('trace', message, fields),
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
    child: (fields) => makeLogger(levels, sink, { ...base, ...fields }),
  };
}

const nothing = (): void => {};

/** A logger that writes nothing. */
export const noopLogger: Logger = {
  isEnabled: () => false,
  log: nothing,
  trace: nothing,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: () => noopLogger,
};

function cut(text: string): string {
  if (SECRET_TEXT.test(text)) return '[withheld]';
  if (text.length <= LOG_TEXT_LENGTH_MAX) return text;
  return `${text.slice(0, LOG_TEXT_LENGTH_MAX)}... (${text.length} characters)`;
}

function plain(name: string, value: unknown, depth: number): unknown {
  if (SECRET_WORDS.test(name) && value !== undefined && typeof value !== 'boolean') {
    return '[withheld]';
  }
  if (typeof value === 'string') return cut(value);
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  // Depth also ends cycles.
  if (depth >= LOG_DEPTH_MAX) return '[deeper]';
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Error) return plainError(value, depth);
  if (Array.isArray(value)) {
    return value.slice(0, LOG_ITEMS_MAX).map((item) => plain('', item, depth + 1));
  }
  const copy: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(value).slice(0, LOG_ITEMS_MAX)) {
    copy[key] = plain(key, item, depth + 1);
  }
  return copy;
}

function plainError(error: Error, depth: number): Record<string, unknown> {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return {
    name: error.name,
    message: cut(error.message),
    ...(code === undefined ? {} : { code: plain('code', code, depth + 1) }),
    ...(error.stack === undefined ? {} : { stack: cut(error.stack) }),
    ...(cause === undefined ? {} : { cause: plain('cause', cause, depth + 1) }),
  };
}
