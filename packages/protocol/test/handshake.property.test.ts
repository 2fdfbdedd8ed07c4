import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ALGORITHM,
  concatBytes,
  createSigner,
  type HandshakeAnswer,
  negotiate,
  nobleProvider,
  openAnswer,
  openOffer,
  type Preferences,
  ProtocolError,
  SESSION_MS_MAX,
  type SignedOffer,
  signAnswer,
  signOffer,
} from '../src/index.ts';

const signerOf = (seed: number) =>
  createSigner(
    nobleProvider.suite(ALGORITHM.ed25519).keyPairFromSeed(new Uint8Array(32).fill(seed)),
  );
const client = signerOf(1);
const server = signerOf(2);
const meddler = signerOf(3);

const BASE: Preferences = {
  blockVersions: [2, 1],
  algorithms: [1, 2, 3],
  mediaTypes: ['application/x-olocus-block', 'application/json'],
  codings: ['zstd', 'gzip'],
  consistency: ['immediate', 'durable'],
  limits: {
    payloadBytesMax: 1_000_000,
    batchBlocksMax: 256,
    pageRowsMax: 500,
    questionItemsMax: 64,
  },
};

function offerOf(preferences: Preferences = BASE, signer = client): SignedOffer {
  const nonce = new Uint8Array(32).fill(7);
  return signOffer({ nonce, timestampMs: 1_000, preferences }, signer, nobleProvider.sha256);
}

function answerTo(
  offer: SignedOffer,
  preferences: Preferences = BASE,
  times: Partial<Pick<HandshakeAnswer, 'createdMs' | 'expiresMs'>> = {},
) {
  const token = new Uint8Array(32).fill(9);
  const parts = { token, createdMs: 1_000, expiresMs: 61_000, ...times, preferences };
  return signAnswer(parts, offer, server);
}

const coded = (code: string) => (error: unknown) =>
  error instanceof ProtocolError && error.code === code;

const items = <Item>(pool: readonly Item[], minLength = 0): fc.Arbitrary<Item[]> =>
  fc.shuffledSubarray([...pool], { minLength });
/** As the decoder makes them. */
const PLAIN = { noNullPrototype: true } as const;
const limit = fc.integer({ min: 0, max: 2 ** 40 });
const anyPreferences: fc.Arbitrary<Preferences> = fc.record(
  {
    blockVersions: items([1, 2, 3], 1),
    algorithms: items([1, 2, 3, 4, 5, 6, 17, 19, 20, 999], 4),
    mediaTypes: items(['application/json', 'application/x-olocus-block', 'text/plain', 'x/ü'], 2),
    codings: items(['zstd', 'gzip', 'br', 'identity', 'later']),
    consistency: items(['immediate', 'durable', 'eventual', 'later'], 2),
    limits: fc.record(
      {
        payloadBytesMax: limit,
        batchBlocksMax: limit,
        pageRowsMax: limit,
        questionItemsMax: limit,
      },
      PLAIN,
    ),
  },
  PLAIN,
);

test('both sides agree for any two sets of preferences, or both find nothing in common', () => {
  let agreed = 0;
  fc.assert(
    fc.property(anyPreferences, anyPreferences, (ours, theirs) => {
      const offer = offerOf(ours);
      const seen = openOffer(offer.bytes, nobleProvider);
      assert.deepEqual(seen.offer.preferences, ours);
      let answered: ReturnType<typeof answerTo>;
      try {
        answered = answerTo(seen, theirs);
      } catch (error) {
        assert(coded('no-common-capability')(error));
        assert.throws(() => negotiate(ours, theirs), coded('no-common-capability'));
        return;
      }
      agreed++;
      const opened = openAnswer(answered.bytes, offer, nobleProvider);
      assert.deepEqual(opened.negotiated, answered.answer.negotiated);
      const { negotiated } = opened;
      for (const name of ['blockVersions', 'algorithms', 'mediaTypes', 'consistency'] as const) {
        const list: readonly (number | string)[] = negotiated[name];
        const wanted: readonly (number | string)[] = ours[name];
        const had: readonly (number | string)[] = theirs[name];
        assert.deepEqual(
          list,
          wanted.filter((item) => had.includes(item)),
        );
      }
      assert(negotiated.codings.includes('identity'));
      for (const [name, value] of Object.entries(negotiated.limits)) {
        const key = name as keyof Preferences['limits'];
        assert.equal(value, Math.min(ours.limits[key], theirs.limits[key]));
      }
    }),
    { numRuns: 60 },
  );
  assert(agreed > 10);
});

test('an offer with any byte changed is refused by the server', () => {
  const { bytes } = offerOf();
  for (let place = 0; place < bytes.length; place++) {
    const wrong = bytes.slice();
    wrong[place] = (wrong[place] as number) ^ 1;
    assert.throws(() => openOffer(wrong, nobleProvider), ProtocolError, `byte ${place}`);
  }
  for (const cut of [0, 1, 40, bytes.length - 1]) {
    assert.throws(() => openOffer(bytes.subarray(0, cut), nobleProvider), ProtocolError);
  }
  const longer = concatBytes(bytes, new Uint8Array(1));
  assert.throws(() => openOffer(longer, nobleProvider), coded('malformed'));
});

test('an answer with any byte changed is refused by the client', () => {
  const offer = offerOf();
  const { bytes } = answerTo(offer);
  openAnswer(bytes, offer, nobleProvider);
  for (let place = 0; place < bytes.length; place++) {
    const wrong = bytes.slice();
    wrong[place] = (wrong[place] as number) ^ 1;
    assert.throws(() => openAnswer(wrong, offer, nobleProvider), ProtocolError, `byte ${place}`);
  }
});

/** Every field of an offer, made weaker or other. */
const WEAKER: Readonly<Record<string, (offer: Preferences) => Preferences>> = {
  blockVersions: (offer) => ({ ...offer, blockVersions: [1] }),
  algorithms: (offer) => ({ ...offer, algorithms: [2] }),
  mediaTypes: (offer) => ({ ...offer, mediaTypes: ['application/json'] }),
  codings: (offer) => ({ ...offer, codings: [] }),
  consistency: (offer) => ({ ...offer, consistency: ['durable'] }),
  order: (offer) => ({ ...offer, consistency: [...offer.consistency].reverse() }),
  ...Object.fromEntries(
    Object.keys(BASE.limits).map((name) => [
      name,
      (offer: Preferences) => ({ ...offer, limits: { ...offer.limits, [name]: 1 } }),
    ]),
  ),
};

test('an offer that was signed anew by somebody between is a downgrade, whichever field', () => {
  const offer = offerOf();
  for (const [field, weaken] of Object.entries(WEAKER)) {
    const changed = offerOf(weaken(BASE), meddler);
    const { bytes } = answerTo(openOffer(changed.bytes, nobleProvider));
    assert.throws(
      () => openAnswer(bytes, offer, nobleProvider),
      coded('handshake-downgrade'),
      field,
    );
  }
  const { bytes } = answerTo(openOffer(offerOf(BASE, meddler).bytes, nobleProvider));
  assert.throws(() => openAnswer(bytes, offer, nobleProvider), coded('handshake-downgrade'));
});

test('a server that signs a result of its own liking is found out', () => {
  const offer = offerOf();
  for (const [field, weaken] of Object.entries(WEAKER)) {
    // Signed over the offer that was sent, but negotiated with another one.
    const lying: SignedOffer = {
      ...offer,
      offer: { ...offer.offer, preferences: weaken(BASE) },
    };
    const { bytes } = answerTo(lying);
    assert.throws(
      () => openAnswer(bytes, offer, nobleProvider),
      coded('handshake-downgrade'),
      field,
    );
  }
});

test('sessions without a life or with too long a one are refused', () => {
  const offer = offerOf();
  for (const expiresMs of [1_000, 999, 1_001 + SESSION_MS_MAX]) {
    const { bytes } = answerTo(offer, BASE, { expiresMs });
    assert.throws(() => openAnswer(bytes, offer, nobleProvider), coded('invalid-handshake'));
  }
});

test('lists that are too long or name one item twice are refused', () => {
  const codings = Array.from({ length: 33 }, (_, place) => `coding-${place}`);
  assert.throws(() => offerOf({ ...BASE, codings }), coded('malformed'));
  assert.throws(() => offerOf({ ...BASE, codings: ['gzip', 'gzip'] }), coded('malformed'));
  const full = { ...BASE, codings: codings.slice(1) };
  const { negotiated } = answerTo(offerOf(full), full).answer;
  assert.equal(negotiated.codings.length, 32);
  assert.equal(negotiated.codings.at(-1), 'identity');
});
