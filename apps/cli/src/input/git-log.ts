import { spawn } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { concatBytes, utf8 } from '@basalt/protocol';
import { InputError } from './input-error.ts';
import type { RecordParser } from './parser.ts';
import type { RecordSource } from './source.ts';

/**
 * Fields of one commit in the order of `FORMAT`; git writes NUL after each, also after the last.
 */
const FIELDS = [
  'hash',
  'tree',
  'parents',
  'authorName',
  'authorEmail',
  'authorDate',
  'committerName',
  'committerEmail',
  'committerDate',
  'subject',
] as const;

const FORMAT = '%H%x00%T%x00%P%x00%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%s';

/** Bytes of git's own words that are kept for the error message. */
const STDERR_BYTES_MAX = 4096;

/**
 * The history of a git repository, oldest commit first, one JSON record per commit:
 *
 *     {"hash":"5f3c…","tree":"9ab1…","parents":["…"],"author":{"name":"…","email":"…","date":"…"},
 *      "committer":{…},"subject":"…"}
 *
 * The hash binds message, author and content, so the record says which commit was there when.
 * Bytes that are no UTF-8 show as U+FFFD; the hash still names the commit exactly.
 */
export function gitLogSource(folder: string): RecordSource {
  return {
    identity: `git-log:${realPath(folder)}`,
    order: 'content', // a merge puts older commits between those that were there
    once: false,
    format: 'git-log',
    label: `git log of ${folder}`,
    sizeBytes: undefined,
    read: (onBytes) => readGitLog(folder, onBytes),
  };
}

async function* readGitLog(
  folder: string,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  const options = ['--reverse', '--encoding=UTF-8', '--no-show-signature', '--no-color', '-z'];
  const git = spawn('git', ['-C', folder, 'log', ...options, `--format=${FORMAT}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  git.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(0, STDERR_BYTES_MAX);
  });
  const ended = new Promise<number | string>((resolve) => {
    git.once('error', (error) => resolve(error.message));
    git.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'));
  });
  try {
    const parser = createGitLogParser();
    for await (const piece of git.stdout as AsyncIterable<Uint8Array>) {
      onBytes(piece.length);
      const records: Uint8Array[] = [];
      parser.push(piece, records);
      if (records.length > 0) yield records;
    }
    const how = await ended;
    if (how !== 0) throw gitFailed(folder, words.trim() || String(how));
    const last: Uint8Array[] = [];
    parser.end(last);
    if (last.length > 0) yield last;
  } finally {
    git.kill(); // no effect where it has ended; ends it where the reader left early
  }
}

/** Parses git's NUL-separated fields. A cut commit at the end is no record. */
export function createGitLogParser(): RecordParser {
  let held: Uint8Array = new Uint8Array(0);
  let fields: string[] = [];
  const decoder = new TextDecoder();

  function takeField(bytes: Uint8Array, records: Uint8Array[]): void {
    fields.push(decoder.decode(bytes));
    if (fields.length < FIELDS.length) return;
    records.push(encodeCommit(fields));
    fields = [];
  }

  return {
    push(piece, records) {
      let start = 0;
      for (let end = piece.indexOf(0); end !== -1; end = piece.indexOf(0, start)) {
        const tail = piece.subarray(start, end);
        takeField(held.length === 0 ? tail : concatBytes(held, tail), records);
        held = new Uint8Array(0);
        start = end + 1;
      }
      if (start < piece.length) held = concatBytes(held, piece.subarray(start));
    },
    end(records) {
      // `-z` separates commits, so git may leave the NUL after the last subject out.
      if (fields.length === FIELDS.length - 1) takeField(held, records);
      held = new Uint8Array(0);
      fields = [];
    },
  };
}

function encodeCommit(fields: readonly string[]): Uint8Array {
  const field = (name: (typeof FIELDS)[number]): string => fields[FIELDS.indexOf(name)] ?? '';
  const person = (who: 'author' | 'committer') => ({
    name: field(`${who}Name`),
    email: field(`${who}Email`),
    date: field(`${who}Date`),
  });
  return utf8(
    JSON.stringify({
      hash: field('hash'),
      tree: field('tree'),
      parents: field('parents').split(' ').filter(Boolean),
      author: person('author'),
      committer: person('committer'),
      subject: field('subject'),
    }),
  );
}

function realPath(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    throw gitFailed(folder, 'there is no such folder');
  }
}

function gitFailed(folder: string, why: string): InputError {
  return new InputError(
    'git-failed',
    `the history of ${folder} cannot be read: ${why}`,
    'give the folder of a git repository that has at least one commit: --git <folder>',
  );
}
