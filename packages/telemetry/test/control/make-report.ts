/** Writes `docs/control`: how the controllers behave, as pictures and tables. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { makeReport } from './kit/report.ts';

const FOLDER = resolve(import.meta.dirname, '..', '..', '..', '..', 'docs', 'control');

mkdirSync(FOLDER, { recursive: true });
for (const [name, text] of makeReport()) writeFileSync(join(FOLDER, name), text);
console.log(`docs/control: ${FOLDER}`);
