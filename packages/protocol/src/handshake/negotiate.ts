import { ProtocolError } from '../errors.ts';
import { PREFERENCE_ITEMS_MAX } from '../limits.ts';
import type { Preferences } from './preferences.ts';

/**
 * What two sides use with each other: of each list the common items, in the order of the side that
 * asked (it knows what its decoders like; the other has named what it can serve); of each limit the
 * smaller. `identity` closes the codings, because everybody has it. A function of the two offers
 * alone, so both sides compute the same and neither has to be believed about it.
 *
 * @throws ProtocolError `no-common-capability` without a common block version, algorithm, media
 *   type or consistency
 */
export function negotiate(initiator: Preferences, responder: Preferences): Preferences {
  const ours = initiator.limits;
  const theirs = responder.limits;
  const codings = common(initiator.codings, responder.codings);
  return {
    blockVersions: required(initiator, responder, 'blockVersions'),
    algorithms: required(initiator, responder, 'algorithms'),
    mediaTypes: required(initiator, responder, 'mediaTypes'),
    codings: codings.includes('identity')
      ? codings
      : [...codings.slice(0, PREFERENCE_ITEMS_MAX - 1), 'identity'],
    consistency: required(initiator, responder, 'consistency'),
    limits: {
      payloadBytesMax: Math.min(ours.payloadBytesMax, theirs.payloadBytesMax),
      batchBlocksMax: Math.min(ours.batchBlocksMax, theirs.batchBlocksMax),
      pageRowsMax: Math.min(ours.pageRowsMax, theirs.pageRowsMax),
      questionItemsMax: Math.min(ours.questionItemsMax, theirs.questionItemsMax),
    },
  };
}

function common<Item>(wanted: readonly Item[], had: readonly Item[]): Item[] {
  return wanted.filter((item) => had.includes(item));
}

function required<Name extends 'blockVersions' | 'algorithms' | 'mediaTypes' | 'consistency'>(
  initiator: Preferences,
  responder: Preferences,
  name: Name,
): Preferences[Name] {
  const wanted: readonly (number | string)[] = initiator[name];
  const list = common(wanted, responder[name]);
  if (list.length === 0) {
    throw new ProtocolError('no-common-capability', `the two sides have no ${name} in common`, {
      list: name,
    });
  }
  return list as unknown as Preferences[Name];
}
