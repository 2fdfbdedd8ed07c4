import { CliError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

export type InputErrorCode =
  | 'bad-csv'
  | 'bad-json'
  | 'not-utf8'
  | 'record-too-large'
  | 'unreadable'
  | 'git-failed'
  | 'changed-source';

/** Input that cannot be turned into records: what and where, and a way out. */
export class InputError extends CliError {
  constructor(code: InputErrorCode, message: string, hint: string) {
    super(EXIT.usage, code, message, hint);
    this.name = 'InputError';
  }
}
