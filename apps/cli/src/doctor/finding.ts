/** What one check of the machine came to. */
export interface Finding {
  readonly name: string;
  /** `warn`: it works, and will hurt some day. `bad`: it does not work, or is not safe. */
  readonly state: 'good' | 'warn' | 'bad';
  readonly words: string;
  /** What to change; absent where nothing is to be done. */
  readonly advice?: string;
}

export function good(name: string, words: string): Finding {
  return { name, state: 'good', words };
}

export function warn(name: string, words: string, advice: string): Finding {
  return { name, state: 'warn', words, advice };
}

export function bad(name: string, words: string, advice: string): Finding {
  return { name, state: 'bad', words, advice };
}
