import type { ExitCode } from './exit-codes.ts';

/**
 * Something that a person has to know. `message` says what happened and what was expected, `hint`
 * what to do next (a command where there is one).
 */
export class CliError extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly hint: string | undefined;

  constructor(
    exitCode: ExitCode,
    code: string,
    message: string,
    hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CliError';
    this.exitCode = exitCode;
    this.code = code;
    this.hint = hint;
  }
}
