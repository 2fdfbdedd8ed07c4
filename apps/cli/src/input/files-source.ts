import { type FileHandle, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { FILE_PART_BYTES, GUESS_BYTES } from '../limits.ts';
import { contentType } from './content-type.ts';
import { encodeFileRecord } from './file-record.ts';
import { InputError } from './input-error.ts';
import type { RecordSource } from './source.ts';

export interface FileToRead {
  readonly path: string;
  /** Name in the record. */
  readonly name: string;
}

/** Files of one folder that were named one by one, each a record. */
export function filesSource(folder: string, paths: readonly string[]): RecordSource {
  const files = paths.map((path) => ({ path, name: basename(path) }));
  const [first] = files;
  return {
    identity: `files:${folder}`,
    order: 'content',
    once: false,
    format: 'file',
    label: files.length === 1 && first !== undefined ? first.name : `${files.length} files`,
    sizeBytes: undefined,
    read: (onBytes) => readFiles(files, onBytes),
  };
}

/** Every regular file below a folder, by path in byte order. Links and devices are left out. */
export function folderSource(folder: string, label: string): RecordSource {
  return {
    identity: `folder:${folder}`,
    order: 'content',
    once: false,
    format: 'file',
    label,
    sizeBytes: undefined,
    read: (onBytes) => readFiles(walkFolder(folder, ''), onBytes),
  };
}

/** Names in the order of their bytes, so that every machine gives the same order. */
async function* walkFolder(folder: string, prefix: string): AsyncGenerator<FileToRead> {
  const found = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error) => {
    throw unreadable(join(folder, prefix), error);
  });
  const entries = found.sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
  for (const entry of entries) {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    if (entry.isDirectory()) yield* walkFolder(folder, name);
    else if (entry.isFile()) yield { path: join(folder, name), name };
  }
}

async function* readFiles(
  files: Iterable<FileToRead> | AsyncIterable<FileToRead>,
  onBytes: (count: number) => void,
): AsyncGenerator<readonly Uint8Array[], void, undefined> {
  for await (const file of files) {
    const handle = await open(file.path).catch((error) => {
      throw unreadable(file.path, error);
    });
    try {
      for await (const record of readParts(handle, file)) {
        onBytes(record.length);
        yield [record];
      }
    } finally {
      await handle.close();
    }
  }
}

async function* readParts(handle: FileHandle, file: FileToRead): AsyncGenerator<Uint8Array> {
  const { size } = await handle.stat();
  const parts = Math.max(1, Math.ceil(size / FILE_PART_BYTES));
  let type = '';
  for (let part = 0; part < parts; part++) {
    const length = Math.min(FILE_PART_BYTES, size - part * FILE_PART_BYTES);
    const content = await readExactly(handle, file, part * FILE_PART_BYTES, length);
    if (part === 0) type = contentType(file.name, content.subarray(0, GUESS_BYTES));
    const header = { name: file.name, type, size };
    yield encodeFileRecord(parts === 1 ? header : { ...header, part, parts }, content);
  }
}

async function readExactly(
  handle: FileHandle,
  file: FileToRead,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const content = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle
      .read(content, filled, length - filled, position + filled)
      .catch((error) => {
        throw unreadable(file.path, error);
      });
    if (bytesRead === 0) throw unreadable(file.path, 'it became shorter while it was read');
    filled += bytesRead;
  }
  return content;
}

/**
 * The payloads that a file at `path` may have been recorded as: by every trailing part of its path,
 * since a record's name is relative to the folder that was given.
 */
export async function* possibleRecords(path: string): AsyncGenerator<Uint8Array> {
  const { size } = await stat(path);
  if (size > FILE_PART_BYTES) return; // recorded in parts: no single payload holds it
  const parts = path.split(/[\\/]+/).filter((part) => part !== '' && part !== '.');
  for (let count = 1; count <= parts.length; count++) {
    const name = parts.slice(-count).join('/');
    for await (const [record] of readFiles([{ path, name }], () => undefined)) {
      if (record !== undefined) yield record;
    }
  }
}

export function unreadable(path: string, error: unknown): InputError {
  return new InputError(
    'unreadable',
    `${path} cannot be read: ${error instanceof Error ? error.message : error}`,
    'check the path and its permissions',
  );
}
