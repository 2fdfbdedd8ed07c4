import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ledger, SignedCheckpoint } from '@basalt/ledger';
import {
  acceptCheckpoint,
  createCosigner,
  emptyLightClient,
  formatNote,
  formatSignatureLine,
  formatVerifierKey,
  type NoteSigner,
  openByPolicy,
  type Policy,
  parseAddCheckpoint,
  parseCheckpoint,
  parseNote,
  parsePolicy,
  parseVerifierKey,
  sha256,
  signCheckpoint,
  signNoteText,
  utf8,
} from '@basalt/protocol';
import fc from 'fast-check';
import type { PeerTransport, TransportReply } from '../../src/peer/transport.ts';
import type { Route } from '../../src/routes.ts';
import { createWitness } from '../../src/witness/create-witness.ts';
import {
  createWitnessClient,
  type WitnessClient,
} from '../../src/witness/create-witness-client.ts';
import { WitnessError } from '../../src/witness/errors.ts';
import { callRoute } from '../support/call-route.ts';
import { FakeLog, provider, seededSigner } from '../support/fake-log.ts';
import { createGatedLedger } from '../support/gated-ledger.ts';
import { memoryRecords } from '../support/memory-records.ts';
import { genesisPayload, settle, TestTime } from '../support/node.ts';

const ORIGIN = 'log.example/super';
const names = ['w1', 'w2', 'w3'] as const;
type Name = (typeof names)[number];

const cosigners: Record<Name, NoteSigner> = {
  w1: createCosigner('w1.example', seededSigner(101)),
  w2: createCosigner('w2.example', seededSigner(102)),
  w3: createCosigner('w3.example', seededSigner(103)),
};

type Behaviour = (body: string, honest: () => Promise<TransportReply>) => Promise<TransportReply>;

const reply = (status: number, body: string, fields: Record<string, string> = {}) => ({
  status,
  header: (name: string) => fields[name],
  body: utf8(body),
  isCut: false,
});

/** A world of three witnesses that know one log; each can be told to behave otherwise. */
class Witnesses {
  readonly behaviour = new Map<Name, Behaviour>();
  readonly sizesAsked: Record<Name, number[]> = { w1: [], w2: [], w3: [] };
  readonly #routes = new Map<string, readonly Route[]>();
  readonly #time: TestTime;

  constructor(time: TestTime) {
    this.#time = time;
  }

  async start(logKeyText: string): Promise<void> {
    const key = parseVerifierKey(logKeyText);
    for (const name of names) await this.reset(name, key.name, key);
  }

  /** Takes all memory from a witness. */
  async reset(name: Name, origin: string, key = parseVerifierKey(origin)): Promise<void> {
    const role = createWitness(
      { signers: [cosigners[name]], logs: [{ origin: key.name, keys: [key] }] },
      { storage: await memoryRecords(), suites: provider, clock: this.#time, sha256 },
    );
    this.#routes.set(name, role.routes);
  }

  readonly transport: PeerTransport = async ({ url, method, target, body = new Uint8Array(0) }) => {
    const name = new URL(url).hostname.split('.')[0] as Name;
    const text = new TextDecoder().decode(body);
    this.sizesAsked[name].push(parseAddCheckpoint(text).oldSize);
    const honest = async (): Promise<TransportReply> => {
      const routes = this.#routes.get(name) as readonly Route[];
      const answer = await callRoute(routes, method, `/witness${target}`, body);
      return reply(answer.status, answer.text, Object.fromEntries(answer.fields));
    };
    return await (this.behaviour.get(name) ?? ((_body, run) => run()))(text, honest);
  };
}

function policyText(logKey: string, quorum = 'two', url = 'https'): string {
  const lines = names.map(
    (name) =>
      `witness ${name} ${formatVerifierKey(cosigners[name].key)} ${url}://${name}.example/witness/`,
  );
  return `log ${logKey}\n${lines.join('\n')}\ngroup two 2 w1 w2 w3\nquorum ${quorum}\n`;
}

interface World {
  readonly time: TestTime;
  readonly witnesses: Witnesses;
  readonly client: WitnessClient;
  readonly policy: Policy;
}

const log = new FakeLog(ORIGIN);

async function world(options: { quorum?: string; failOpen?: boolean } = {}): Promise<World> {
  const time = new TestTime();
  const witnesses = new Witnesses(time);
  const vkey = formatVerifierKey(log.signer.key);
  await witnesses.start(vkey);
  const policy = parsePolicy(policyText(vkey, options.quorum));
  const client = createWitnessClient(
    { policy, failOpen: options.failOpen ?? false },
    { transport: witnesses.transport, suites: provider, clock: time, scheduler: time },
  );
  return { time, witnesses, client, policy };
}

function signed(size: number, of: FakeLog = log): SignedCheckpoint {
  const checkpoint = of.checkpoint(size);
  return {
    ...checkpoint,
    namespace: '' as SignedCheckpoint['namespace'],
    note: formatNote(signCheckpoint(checkpoint, of.signer)),
    consistency: async (from) => of.consistency(from, size),
  };
}

const cosignedBy = (note: string | undefined): string[] =>
  parseNote(note ?? '')
    .signatures.slice(1)
    .map(({ name }) => name);

const problems = ({ client }: World): unknown[] =>
  client.status().witnesses.map(({ problem }) => problem);

test('all cosign; from the second checkpoint on the proof fits at once', async () => {
  const { client, witnesses, policy } = await world();
  const first = await client.onCheckpoint(signed(4));
  assert.deepEqual(cosignedBy(first), ['w1.example', 'w2.example', 'w3.example']);
  const second = (await client.onCheckpoint(signed(11))) ?? '';
  assert.equal(openByPolicy(second, policy, provider).witnesses.length, 3);
  assert.deepEqual(witnesses.sizesAsked.w1, [0, 4]);
  const [status] = client.status().logs;
  assert.equal(status?.witnessedSize, 11);
  assert.equal(status.isWitnessed, true);
});

test('a client that forgot the sizes is told, and sends the proof from there', async () => {
  const { witnesses, client, time, policy } = await world();
  await client.onCheckpoint(signed(4));
  const again = createWitnessClient(
    { policy },
    { transport: witnesses.transport, suites: provider, clock: time, scheduler: time },
  );
  assert.equal(cosignedBy(await again.onCheckpoint(signed(9))).length, 3);
  assert.deepEqual(witnesses.sizesAsked.w2, [0, 0, 4]);
});

test('a witness that is down is left alone for longer each time; the quorum goes on', async () => {
  const { witnesses, client, time } = await world();
  witnesses.behaviour.set('w1', async () => {
    throw new Error('connection refused');
  });
  for (let size = 1; size <= 12; size++) {
    assert.deepEqual(cosignedBy(await client.onCheckpoint(signed(size))), [
      'w2.example',
      'w3.example',
    ]);
    await time.advance(1_000);
  }
  assert.equal(witnesses.sizesAsked.w1.length, 4, 'after 0, 1, 3 and 7 seconds');
  const [report] = client.status().witnesses;
  assert.equal(report?.problem, 'unreachable');
  assert.match(report.detail ?? '', /refused/);
  witnesses.behaviour.delete('w1');
  await time.advance(10_000);
  assert.equal(cosignedBy(await client.onCheckpoint(signed(20))).length, 3);
  assert.equal(client.status().witnesses[0]?.problem, undefined);
});

test('a late witness holds nothing up, and its line is kept for a retry', async () => {
  const late = await world();
  const { witnesses, client, time } = late;
  let letGo = (): void => undefined;
  witnesses.behaviour.set('w3', async (_body, honest) => {
    await new Promise<void>((resolve) => {
      letGo = resolve;
    });
    return honest();
  });
  const round = client.onCheckpoint(signed(5));
  await settle();
  await time.advance(250);
  assert.deepEqual(cosignedBy(await round), ['w1.example', 'w2.example']);
  assert.equal(client.status().witnesses[2]?.isAsked, true);
  letGo();
  await settle();
  assert.equal(cosignedBy(await client.onCheckpoint(signed(5))).length, 3);
  assert.deepEqual(witnesses.sizesAsked, { w1: [0], w2: [0], w3: [0] });
});

test('without a quorum nothing is let out, or what there is, as configured', async () => {
  for (const failOpen of [false, true]) {
    const { witnesses, client, time } = await world({ failOpen });
    for (const name of ['w1', 'w2'] as const) {
      witnesses.behaviour.set(name, () => new Promise(() => undefined));
    }
    const round = client.onCheckpoint(signed(5));
    await settle();
    await time.advance(5_000);
    const note = await round;
    if (failOpen) assert.deepEqual(cosignedBy(note), ['w3.example']);
    else assert.equal(note, undefined);
    assert.equal(client.status().logs[0]?.isWitnessed, false);
    assert.equal(client.status().logs[0]?.witnessedSize, undefined);
  }
});

const lies: readonly (readonly [string, Behaviour])[] = [
  ['invalid-cosignature', async (body) => lineOver(textOf(body), 'w9')],
  ['invalid-cosignature', async (body, honest) => altered(await honest(), body)],
  ['old-checkpoint', async () => lineOver(parseNote(signed(4).note).text, 'w3')],
  ['clock-skew', async (body) => lineOver(textOf(body), 'w3', -660)],
  ['clock-skew', async (body) => lineOver(textOf(body), 'w3', 660)],
  ['invalid-cosignature', async (body) => lineOver(textOf(body), 'w3', 'zero')],
  ['malformed', async () => reply(200, 'yes')],
  ['malformed', async () => ({ ...reply(200, ''), isCut: true })],
  ['malformed', async (body) => conflict(parseAddCheckpoint(body).oldSize)],
  ['ahead', async () => conflict(40)],
  ['conflict', async () => reply(409, 'another root was cosigned at this size\n')],
  ['refused', async () => reply(404, 'unknown log\n')],
  ['busy', async () => reply(429, '', { 'retry-after': '30' })],
  ['busy', async () => reply(503, '')],
];

for (const [problem, behaviour] of lies) {
  test(`of three witnesses one is found out: ${problem}`, async () => {
    const made = await world();
    const { witnesses, client, policy } = made;
    await client.onCheckpoint(signed(4));
    witnesses.behaviour.set('w3', behaviour);
    const note = (await client.onCheckpoint(signed(10))) ?? '';
    assert.deepEqual(openByPolicy(note, policy, provider).witnesses, ['w1', 'w2']);
    assert.deepEqual(problems(made), [undefined, undefined, problem]);
  });
}

test('a witness that forgot is told for good, also while it cosigns', async () => {
  const made = await world();
  await made.client.onCheckpoint(signed(8));
  await made.witnesses.reset('w2', formatVerifierKey(log.signer.key));
  assert.equal(cosignedBy(await made.client.onCheckpoint(signed(9))).length, 3);
  assert.deepEqual(problems(made), [undefined, 'rolled-back', undefined]);
});

test('a log that was set back gets no quorum for its second history', async () => {
  const made = await world();
  await made.client.onCheckpoint(signed(8));
  const fork = new FakeLog(ORIGIN, 64, ' of another history', 3);
  assert.equal(await made.client.onCheckpoint(signed(8, fork)), undefined);
  assert.deepEqual(problems(made), ['conflict', 'conflict', 'conflict']);
});

test('a witness that is slow about one log is asked about another', async () => {
  const { witnesses, client, time } = await world();
  for (const name of names) {
    witnesses.behaviour.set(name, (body, honest) =>
      body.includes('other.example') ? new Promise(() => undefined) : honest(),
    );
  }
  const other = new FakeLog('other.example/super');
  const stuck = client.onCheckpoint(signed(5, other));
  await settle();
  assert.equal(cosignedBy(await client.onCheckpoint(signed(5))).length, 3);
  await time.advance(5_000);
  assert.equal(await stuck, undefined);
  assert.deepEqual(
    client.status().logs.map(({ isWitnessed }) => isWitnessed),
    [true, false],
  );
});

const moods = ['honest', 'honest', 'down', 'garbage', 'stranger', 'old', 'far ahead'] as const;
type Mood = (typeof moods)[number] | 'skewed' | 'broken';

function behaviourOf(mood: Mood, name: Name): Behaviour {
  switch (mood) {
    case 'honest':
      return (_body, honest) => honest();
    case 'down':
      return async () => {
        throw new Error('connection refused');
      };
    case 'garbage':
      return async (body, honest) => altered(await honest(), body);
    case 'stranger':
      return async (body) => lineOver(textOf(body), 'w9');
    case 'old':
      return async () => lineOver(parseNote(signed(1).note).text, name);
    case 'far ahead':
      return async () => conflict(1_000_000);
    case 'skewed':
      return async (body) => lineOver(textOf(body), name, 86_400);
    case 'broken':
      return async () => reply(500, '');
  }
}

test('whatever witnesses do: what is let out has its quorum, in the end all cosign', async () => {
  const mood = fc.constantFrom<Mood>(...moods, 'skewed', 'broken');
  const round = fc.record({
    moods: fc.tuple(mood, mood, mood),
    growth: fc.nat(3),
    ms: fc.nat(9e3),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 10 }), async (rounds) => {
      const { witnesses, client, time, policy } = await world();
      let size = 2;
      const ask = async (): Promise<string | undefined> => {
        const asked = client.onCheckpoint(signed(size));
        await settle();
        await time.advance(5_000);
        const note = await asked;
        if (note !== undefined) openByPolicy(note, policy, provider);
        return note;
      };
      for (const step of rounds) {
        size += step.growth;
        for (const [i, name] of names.entries()) {
          witnesses.behaviour.set(name, behaviourOf(step.moods[i] as Mood, name));
        }
        await ask();
        await time.advance(step.ms);
      }
      witnesses.behaviour.clear();
      await time.advance(600_000);
      assert.equal(cosignedBy(await ask()).length, 3);
    }),
    { numRuns: 40 },
  );
});

test('stop ends a round and lets nothing out', async () => {
  const { witnesses, client } = await world({ failOpen: true });
  for (const name of names) witnesses.behaviour.set(name, () => new Promise(() => undefined));
  const round = client.onCheckpoint(signed(5));
  client.stop();
  assert.equal(await round, undefined);
});

test('a policy whose quorum cannot be asked is refused at the start', () => {
  const vkey = formatVerifierKey(log.signer.key);
  const text = policyText(vkey).replaceAll(/ https:\S+/g, '');
  const time = new TestTime();
  const transport: PeerTransport = () => assert.fail('nobody is asked');
  assert.throws(
    () =>
      createWitnessClient(
        { policy: parsePolicy(text) },
        { transport, suites: provider, clock: time, scheduler: time },
      ),
    (error) => error instanceof WitnessError && error.code === 'invalid-config',
  );
});

test('a light client follows a super-log while one of three witnesses lies', async () => {
  const time = new TestTime();
  const witnesses = new Witnesses(time);
  const writerKey = seededSigner(1);
  // The client needs the key of the log, the ledger the gate: the gate is there first.
  const client: { current?: WitnessClient } = {};
  const gate: WitnessClient['gate'] = {
    holds: (origin) => origin.endsWith('/super'),
    release: async (checkpoint) => await client.current?.onCheckpoint(checkpoint),
  };
  const { ledger } = await createGatedLedger(gate, time);
  const vkey = ledger.verifierKey('super');
  await witnesses.start(vkey);
  const policy = parsePolicy(policyText(vkey));
  client.current = createWitnessClient(
    { policy },
    { transport: witnesses.transport, suites: provider, clock: time, scheduler: time },
  );
  let first: string | undefined;
  witnesses.behaviour.set('w2', async (body, honest) => {
    const answer = await honest();
    first ??= new TextDecoder().decode(answer.body);
    return parseAddCheckpoint(body).oldSize === 0 ? answer : reply(200, first);
  });
  const open = (note: Parameters<typeof openByPolicy>[0]) => openByPolicy(note, policy, provider);
  const writer = await ledger.createNamespace(genesisPayload(writerKey), writerKey);
  await time.advance(3_000);
  let state = await follow(ledger, emptyLightClient(), open);
  const before = [...state.held.values()][0]?.checkpoint.size ?? 0;
  for (let i = 0; i < 5; i++) {
    await writer.append([{ payload: utf8(`block ${i}`) }]);
    await time.advance(2_000);
  }
  state = await follow(ledger, state, open);
  const [held] = state.held.values();
  assert.ok((held?.checkpoint.size ?? 0) > before);
  assert.deepEqual(openByPolicy(held?.note ?? '', policy, provider).witnesses, ['w1', 'w3']);
  const [, liar] = client.current.status().witnesses;
  assert.equal(liar?.problem, 'old-checkpoint');
  const proof = await ledger.superProof(writer.namespace);
  assert.equal(proof.inclusion.checkpoint, held?.note);
  client.current.stop();
  await ledger.close();
});

async function follow(
  ledger: Ledger,
  state: Parameters<typeof acceptCheckpoint>[0],
  open: Parameters<typeof acceptCheckpoint>[2],
): Promise<Parameters<typeof acceptCheckpoint>[0]> {
  const note = (await ledger.checkpoint('super')) ?? '';
  const { origin, size } = parseCheckpoint(parseNote(note).text);
  const from = state.held.get(origin)?.checkpoint.size ?? 0;
  const consistency =
    from === 0 ? [] : await ledger.consistencyProof(ledger.superNamespace(), from, size);
  return acceptCheckpoint(state, { note, consistency }, open);
}

const textOf = (body: string): string => parseAddCheckpoint(body).note.text;

function conflict(size: number): TransportReply {
  return reply(409, `${size}\n`, { 'content-type': 'text/x.tlog.size' });
}

function altered(answer: TransportReply, body: string): TransportReply {
  const { text } = parseAddCheckpoint(body).note;
  const { signatures } = parseNote(`${text}\n${new TextDecoder().decode(answer.body)}`);
  const lines = signatures.map((line) => {
    const signature = line.signature.slice();
    signature[20] = (signature[20] ?? 0) ^ 1;
    return formatSignatureLine({ ...line, signature });
  });
  return { ...answer, body: utf8(lines.join('')) };
}

function lineOver(text: string, by: Name | 'w9', skew: number | 'zero' = 0): TransportReply {
  const stranger = createCosigner('w9.example', seededSigner(109));
  const nowSeconds = new TestTime().nowMs() / 1000;
  const seconds = skew === 'zero' ? 0 : nowSeconds + skew;
  const line = signNoteText(text, by === 'w9' ? stranger : cosigners[by], seconds);
  return reply(200, formatSignatureLine(line));
}
