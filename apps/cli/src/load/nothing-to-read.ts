import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

/** Error `empty`: a node has nothing to read. */
export function nothingToRead(url: string): CliError {
  return new CliError(
    EXIT.refused,
    'empty',
    `${url} has no blocks to read`,
    'append some first, or try --profile append',
  );
}
