import { equalBytes } from '@basalt/protocol';
import { InputError } from '../input/input-error.ts';
import type { RecordSource } from '../input/source.ts';
import { EMPTY_FOLD, foldRecord } from './fold.ts';
import { checkContentKeys, contentKey } from './journal.ts';
import type { SourceProgress } from './progress.ts';

/** Tells which records of a source are in the namespace already. Records come in order. */
export interface KnownRecords {
  /** @throws InputError `changed-source` */
  isKnown(payloadHash: Uint8Array): boolean;
  /** At the end of the source. @throws InputError `changed-source` */
  end(): void;
}

/** By position: the first records must be the ones that were written, all of them. */
export function knownByPosition(source: RecordSource, progress: SourceProgress): KnownRecords {
  let position = 0;
  let fold: Uint8Array = EMPTY_FOLD;
  return {
    isKnown(payloadHash) {
      if (position >= progress.position) return false;
      fold = foldRecord(fold, position, payloadHash);
      position++;
      if (position === progress.position && !equalBytes(fold, progress.fold)) {
        throw changedSource(source, progress, 'its first records are not the same any more');
      }
      return true;
    },
    end() {
      if (position < progress.position) {
        throw changedSource(source, progress, `it has only ${position} records now`);
      }
    },
  };
}

/** By content: a record that was written under this source is never written again. */
export function knownByContent(keys: Set<string>): KnownRecords {
  return {
    isKnown(payloadHash) {
      const key = contentKey(payloadHash);
      if (keys.has(key)) return true;
      keys.add(key); // the same file twice in one run is one record too
      checkContentKeys(keys.size);
      return false;
    },
    end: () => undefined,
  };
}

function changedSource(source: RecordSource, progress: SourceProgress, how: string): InputError {
  return new InputError(
    'changed-source',
    `${progress.position} records of ${source.label} are in the namespace, but ${how}`,
    'restore the input to go on where it stopped, or append all of it anew with --again',
  );
}
