import { createReadStream } from 'node:fs';
import { open, realpath, stat } from 'node:fs/promises';
import { basename, dirname, extname } from 'node:path';
import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { CHUNK_BYTES_DEFAULT, GUESS_BYTES, READ_BYTES } from '../limits.ts';
import { createChunkParser } from './chunk-parser.ts';
import { createCsvParser } from './csv-parser.ts';
import { filesSource, folderSource, unreadable } from './files-source.ts';
import { gitLogSource } from './git-log.ts';
import { type Format, guessFileFormat, guessStreamFormat } from './guess-format.ts';
import { createLineParser } from './line-parser.ts';
import { createNdjsonParser } from './ndjson-parser.ts';
import { parseStream } from './parse-stream.ts';
import type { RecordParser } from './parser.ts';
import type { RecordSource } from './source.ts';

export interface InputOptions {
  readonly format: Format | 'auto';
  readonly chunkBytes?: number;
  /** CSV only; by default a comma, a tab for `.tsv`. */
  readonly delimiter?: string;
  /** Folder of a git repository. */
  readonly git?: string;
}

/** Standard input as the caller has it, so that tests can bring their own. */
export interface InputStream extends AsyncIterable<Uint8Array> {
  readonly isTTY?: boolean;
}

/**
 * The sources that a command line names, in its order; files that are taken whole are grouped by
 * folder. No path or `-` is standard input.
 *
 * @throws InputError `unreadable`; CliError `usage`
 */
export async function openSources(
  paths: readonly string[],
  options: InputOptions,
  standardInput: InputStream,
): Promise<RecordSource[]> {
  if (options.git !== undefined || options.format === 'git-log') {
    if (paths.length > (options.git === undefined ? 1 : 0)) throw onlyOneRepository();
    return [gitLogSource(options.git ?? paths[0] ?? '.')];
  }
  if (paths.length === 0 || (paths.length === 1 && paths[0] === '-')) {
    return [await streamSource(standardInput, options)];
  }
  const sources: RecordSource[] = [];
  const whole = new Map<string, string[]>();
  for (const path of paths) {
    const found = await stat(path).catch((error) => {
      throw unreadable(path, error);
    });
    const real = await realpath(path);
    if (found.isDirectory()) {
      sources.push(folderSource(real, path));
      continue;
    }
    const format = options.format === 'auto' ? await guessFile(path) : options.format;
    if (format === 'file') {
      const folder = dirname(real);
      whole.set(folder, [...(whole.get(folder) ?? []), path]);
    } else {
      sources.push(
        fileSource(path, real, found.isFile() ? found.size : undefined, format, options),
      );
    }
  }
  for (const [folder, files] of whole) sources.push(filesSource(folder, files));
  return sources;
}

function fileSource(
  path: string,
  real: string,
  sizeBytes: number | undefined,
  format: Format,
  options: InputOptions,
): RecordSource {
  const settings = settingsOf(format, options, path);
  return {
    identity: `file:${real}:${format}:${settings.delimiter}:${settings.chunkBytes}`,
    order: 'position',
    once: false,
    format,
    label: basename(path),
    sizeBytes,
    read: (onBytes) => {
      const pieces = createReadStream(path, { highWaterMark: READ_BYTES });
      return parseStream(pieces as AsyncIterable<Uint8Array>, parserOf(format, settings), onBytes);
    },
  };
}

/** Looks at the first piece only: a live stream must not wait for more. */
async function streamSource(input: InputStream, options: InputOptions): Promise<RecordSource> {
  if (input.isTTY === true) {
    throw new CliError(
      EXIT.usage,
      'no-input',
      'nothing to append: no file was named and standard input is the keyboard',
      'name files, a folder or --git ., or pipe records in: journalctl -o json | basalt append ...',
    );
  }
  const pieces = input[Symbol.asyncIterator]();
  const first = await pieces.next();
  const start = first.done === true ? new Uint8Array(0) : first.value;
  const format =
    options.format === 'auto' ? guessStreamFormat(start.subarray(0, GUESS_BYTES)) : options.format;
  const settings = settingsOf(format, options, '');
  const parser = parserOf(format, settings);
  return {
    identity: `stdin:${format}:${settings.delimiter}:${settings.chunkBytes}`,
    order: 'position',
    once: true,
    format,
    label: 'standard input',
    sizeBytes: undefined,
    read: (onBytes) => parseStream(joined(start, pieces), parser, onBytes),
  };
}

async function* joined(
  start: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (start.length > 0) yield start;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    yield next.value;
  }
}

interface Settings {
  readonly delimiter: string;
  readonly chunkBytes: number;
}

function settingsOf(format: Format, options: InputOptions, path: string): Settings {
  const tab = extname(path).toLowerCase() === '.tsv' ? '\t' : ',';
  return {
    delimiter: format === 'csv' ? (options.delimiter ?? tab) : '',
    chunkBytes: format === 'binary' ? (options.chunkBytes ?? CHUNK_BYTES_DEFAULT) : 0,
  };
}

function parserOf(format: Format, settings: Settings): RecordParser {
  switch (format) {
    case 'ndjson':
      return createNdjsonParser();
    case 'csv':
      return createCsvParser(settings.delimiter);
    case 'lines':
      return createLineParser();
    case 'binary':
      return createChunkParser(settings.chunkBytes);
    case 'file':
    case 'git-log':
      throw new CliError(
        EXIT.usage,
        'no-stream-format',
        `standard input cannot be read as ${format}`,
        format === 'file' ? 'name the file, or use --format binary' : 'use --git <folder>',
      );
  }
}

async function guessFile(path: string): Promise<Format> {
  const handle = await open(path).catch((error) => {
    throw unreadable(path, error);
  });
  try {
    const start = new Uint8Array(GUESS_BYTES);
    const { bytesRead } = await handle.read(start, 0, GUESS_BYTES, 0);
    return guessFileFormat(path, start.subarray(0, bytesRead));
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await handle.close();
  }
}

function onlyOneRepository(): CliError {
  return new CliError(
    EXIT.usage,
    'usage',
    'a git import takes one repository and no other input',
    'run one command per repository: basalt append --namespace repo --git <folder>',
  );
}
