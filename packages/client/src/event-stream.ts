import { refusal } from './errors.ts';
import { EVENT_LINE_CHARACTERS_MAX } from './limits.ts';

/** One dispatched event of a `text/event-stream`. */
export interface StreamEvent {
  /** `message` where the stream names none. */
  readonly type: string;
  readonly data: string;
  /** Last id seen on the stream, '' before the first. */
  readonly id: string;
}

export interface EventStreamParser {
  /** Events that the new text completes; `retry:` changes `retryMs`. */
  feed(text: string): StreamEvent[];
  readonly lastEventId: string;
  /** Pause that the server asked for before a reconnect, undefined where it did not. */
  readonly retryMs: number | undefined;
}

/**
 * Parser for server-sent events (HTML Standard section 9.2.6): any of LF, CR, CRLF ends a line,
 * comments are dropped, data lines are joined, an event without data is not dispatched.
 *
 * @param lastEventId id to start with, after a reconnect
 */
export function createEventStreamParser(lastEventId = ''): EventStreamParser {
  let rest = '';
  let skipLineFeed = false;
  let started = false;
  let type = '';
  let data: string[] = [];
  let id = lastEventId;
  let retryMs: number | undefined;

  function takeLine(line: string, events: StreamEvent[]): void {
    if (line === '') {
      if (data.length > 0) events.push({ type: type || 'message', data: data.join('\n'), id });
      type = '';
      data = [];
      return;
    }
    const colon = line.indexOf(':');
    if (colon === 0) return;
    const field = colon === -1 ? line : line.slice(0, colon);
    const raw = colon === -1 ? '' : line.slice(colon + 1);
    const value = raw.startsWith(' ') ? raw.slice(1) : raw;
    if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) retryMs = Number(value);
  }

  return {
    get lastEventId() {
      return id;
    },
    get retryMs() {
      return retryMs;
    },
    feed(text) {
      const events: StreamEvent[] = [];
      let fresh = text;
      if (!started && fresh !== '') {
        started = true;
        if (fresh.startsWith('\uFEFF')) fresh = fresh.slice(1);
      }
      if (skipLineFeed && fresh !== '') {
        skipLineFeed = false;
        if (fresh.startsWith('\n')) fresh = fresh.slice(1);
      }
      const buffer = rest + fresh;
      const lineEnd = /\r\n|\n|\r/g;
      let start = 0;
      for (let end = lineEnd.exec(buffer); end !== null; end = lineEnd.exec(buffer)) {
        takeLine(buffer.slice(start, end.index), events);
        start = end.index + end[0].length;
      }
      // A CR at the very end may be the first half of a CRLF that the next piece completes.
      if (start === buffer.length && buffer.endsWith('\r')) skipLineFeed = true;
      rest = buffer.slice(start);
      const held = rest.length + data.reduce((sum, line) => sum + line.length, 0);
      if (held > EVENT_LINE_CHARACTERS_MAX) {
        throw refusal('bad-response', 'expected events of at most 64 KiB', { held });
      }
      return events;
    },
  };
}
