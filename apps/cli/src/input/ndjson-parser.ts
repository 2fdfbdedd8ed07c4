import { InputError } from './input-error.ts';
import { createLineParser } from './line-parser.ts';
import type { RecordParser } from './parser.ts';

/**
 * NDJSON: one JSON value per line, kept byte for byte (key order, spaces and all). A line that is
 * no JSON stops the input there: most often it is a line that its writer did not finish.
 *
 * @throws InputError `bad-json`, `record-too-large`
 */
export function createNdjsonParser(): RecordParser {
  // Bytes that are no UTF-8 are checked as U+FFFD and kept as they are.
  const decoder = new TextDecoder();
  return createLineParser({
    skipBlank: true,
    check(line, lineNumber) {
      try {
        JSON.parse(decoder.decode(line));
      } catch (error) {
        throw new InputError(
          'bad-json',
          `line ${lineNumber} is not JSON: ${error instanceof Error ? error.message : error}`,
          'mend the line, or take lines as they are with --format lines',
        );
      }
    },
  });
}
