import {
  isSignedBy,
  type NoteKey,
  type NoteSignature,
  type NoteSuites,
  ProtocolError,
  parseSignatureLines,
  signatureCheck,
} from '@basalt/protocol';
import { COSIGNATURE_SKEW_SECONDS } from './limits.ts';

/** What the lines of a witness are worth. */
export type ReadAnswer =
  | {
      readonly kind: 'cosigned';
      /** Lines of the key that was asked for; those of other keys are ignored. */
      readonly lines: readonly NoteSignature[];
      /** Seconds by which the witness's clock is ahead of this one. */
      readonly skewSeconds: number;
    }
  | {
      readonly kind: 'refused';
      readonly problem: 'malformed' | 'invalid-cosignature' | 'old-checkpoint' | 'clock-skew';
      readonly skewSeconds: number | undefined;
    };

export interface AskedNote {
  readonly text: string;
  /** Texts that were sent to the same witness before: a line over one of them is told as old. */
  readonly earlier: readonly string[];
}

/** Checks the body of a 200 answer to add-checkpoint. */
export function readAnswer(
  body: string,
  asked: AskedNote,
  key: NoteKey,
  suites: NoteSuites,
  nowSeconds: number,
): ReadAnswer {
  let lines: NoteSignature[];
  try {
    lines = parseSignatureLines(body).filter((line) => isSignedBy(line, key));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return refused('malformed');
  }
  if (lines.length === 0) return refused('invalid-cosignature');
  let skewSeconds = 0;
  for (const line of lines) {
    const timeSeconds = verifiedTime(asked.text, line, key, suites);
    if (timeSeconds === undefined) {
      const isOld = asked.earlier.some(
        (text) => verifiedTime(text, line, key, suites) !== undefined,
      );
      return refused(isOld ? 'old-checkpoint' : 'invalid-cosignature');
    }
    const skew = timeSeconds - nowSeconds;
    if (Math.abs(skew) > Math.abs(skewSeconds)) skewSeconds = skew;
  }
  if (Math.abs(skewSeconds) > COSIGNATURE_SKEW_SECONDS) {
    return { kind: 'refused', problem: 'clock-skew', skewSeconds };
  }
  return { kind: 'cosigned', lines, skewSeconds };
}

/** The time of a good line, undefined for one that is not. */
function verifiedTime(
  text: string,
  line: NoteSignature,
  key: NoteKey,
  suites: NoteSuites,
): number | undefined {
  try {
    const check = signatureCheck(text, line, key);
    const suite = suites.suite(check.algorithm);
    const isGood = suite.verify(check.signature, check.message, check.publicKey);
    return isGood && check.timeSeconds !== 0 ? check.timeSeconds : undefined;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return undefined;
  }
}

function refused(problem: 'malformed' | 'invalid-cosignature' | 'old-checkpoint'): ReadAnswer {
  return { kind: 'refused', problem, skewSeconds: undefined };
}
