import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const MAIN = resolve(import.meta.dirname, '..', '..', 'src', 'main.ts');

/**
 * The ```sh blocks of a Markdown text, in order, that follow the line `<!-- test -->`; blocks of
 * `<!-- test: word -->` count where `has` knows the word.
 */
export function markedBlocks(markdown: string, has: readonly string[] = []): string[] {
  const pattern = /^<!-- test(?:: (\w+))? -->\s*\n```sh\n([\s\S]*?)^```/gm;
  return [...markdown.matchAll(pattern)]
    .filter(([, word]) => word === undefined || has.includes(word))
    .map(([, , block]) => block ?? '');
}

function writeScript(path: string, text: string): void {
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
}

/** `basalt` and `npx basalt` of this checkout, without asking a registry for anything. */
export function makeCommands(folder: string): void {
  mkdirSync(folder);
  const basalt = `exec "${process.execPath}" "${MAIN}" "$@"`;
  writeScript(join(folder, 'basalt'), basalt);
  writeScript(join(folder, 'npx'), `[ "$1" = basalt ] || exit 127\nshift\n${basalt}`);
}
