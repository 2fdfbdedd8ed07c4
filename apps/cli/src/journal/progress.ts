import { EMPTY_FOLD } from './fold.ts';

/** How far one source has come in one namespace. */
export interface SourceProgress {
  /** Records of the source that are in the namespace, from the first on. */
  readonly position: number;
  /** Fold of these records. */
  readonly fold: Uint8Array;
  /** Index of the last block written for this source; -1 before the first. */
  readonly lastIndex: number;
  /** For people who look into the journal. */
  readonly label: string;
  /** True where the source was read to its end and cannot be read again (standard input). */
  readonly finished: boolean;
}

export function startProgress(label: string): SourceProgress {
  return { position: 0, fold: EMPTY_FOLD, lastIndex: -1, label, finished: false };
}

export function encodeProgress(progress: SourceProgress): string {
  const fold = Buffer.from(progress.fold).toString('hex');
  return `${JSON.stringify({ version: 1, ...progress, fold })}\n`;
}

/** undefined where the text is no progress of this version. */
export function decodeProgress(text: string): SourceProgress | undefined {
  try {
    const { version, position, fold, lastIndex, label, finished } = JSON.parse(text);
    const sound =
      version === 1 &&
      Number.isSafeInteger(position) &&
      Number.isSafeInteger(lastIndex) &&
      /^[0-9a-f]{64}$/.test(fold);
    if (!sound) return undefined;
    return {
      position,
      fold: Buffer.from(fold, 'hex'),
      lastIndex,
      label: String(label),
      finished: finished === true,
    };
  } catch {
    return undefined;
  }
}
