/**
 * Makes the vectors of this folder anew: `node packages/protocol/test/vectors/generate.ts`.
 * node:crypto and Buffer only; nothing here imports the code under test.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateBlockV1, generateBlockV2 } from './generate-blocks.ts';
import { generateRules } from './generate-rules.ts';
import { usedSignatures } from './node-keys.ts';

/** The text of each file. `signatures.json` comes last: it lists what the others used. */
export function generateAll(): Record<string, string> {
  const text = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;
  const files = {
    'block-v1.json': text(generateBlockV1()),
    'block-v2.json': text(generateBlockV2()),
    'rules.json': text(generateRules()),
  };
  return { ...files, 'signatures.json': text(usedSignatures()) };
}

if (import.meta.main) {
  for (const [name, text] of Object.entries(generateAll())) {
    writeFileSync(join(import.meta.dirname, name), text);
  }
}
