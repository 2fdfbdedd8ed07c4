import type { BlockReport, CheckName, ClientError } from '@basalt/client';
import { reasonOf } from '@basalt/client';
import { algorithmName, toHex } from '@basalt/protocol';
import { h } from './dom.ts';
import { formatBytes, formatCount, shorten } from './format.ts';
import { mark } from './state-mark.ts';

interface Line {
  readonly check: CheckName;
  readonly title: string;
  /** What holds, when it does. */
  readonly holds: string;
  /** Why it was not checked. */
  readonly open: string;
}

/** Every check with what it says about this block: holds, does not hold, was not made. */
export function listChecks(report: BlockReport): HTMLElement {
  const failures = report.status === 'refused' ? report.failures : [];
  const items = linesOf(report).map(({ check, title, holds, open }) => {
    const failure = failures.find((one) => one.check === check);
    if (failure !== undefined) return item('no', title, whyNot(failure.error));
    return report.verified[check] ? item('yes', title, holds) : item('open', title, open);
  });
  return h('ul', { class: 'checks' }, ...items);
}

function item(state: 'yes' | 'no' | 'open', title: string, text: string): HTMLElement {
  const word = { yes: 'holds', no: 'does not hold', open: 'not checked' }[state];
  return h(
    'li',
    { class: state },
    mark(state === 'yes' ? 'verified' : state === 'no' ? 'refused' : 'unchecked'),
    h('strong', {}, title, h('span', { class: 'visually-hidden' }, `: ${word}`)),
    h('span', {}, text),
  );
}

function linesOf(report: BlockReport): readonly Line[] {
  const header = report.block?.entry.header;
  const keyId = header === undefined ? '' : shorten(toHex(header.keyId));
  const size = report.proof === undefined ? '' : formatCount(report.proof.size);
  const index = formatCount(report.index);
  const bytes = formatBytes(header?.payloadLength ?? 0);
  const algorithm = header === undefined ? 'The signature' : algorithmName(header.algorithm);
  const isFirst = report.verified.trust === 'first-use';
  const notThere = 'not looked at: an earlier check failed';
  return [
    {
      check: 'payloadHash',
      title: 'Payload',
      holds: `the ${bytes} served have the hash that the header names`,
      open: report.block?.payload === undefined ? 'the node no longer keeps it' : notThere,
    },
    {
      check: 'signature',
      title: 'Signature',
      holds: `${algorithm} over the header, good under key ${keyId}`,
      open: notThere,
    },
    {
      check: 'writer',
      title: 'Writer',
      holds: `key ${keyId} was the writer at block ${index}, by the key blocks in the log`,
      open: notThere,
    },
    {
      check: 'inclusion',
      title: 'Inclusion',
      holds: `leaf ${index} of the tree of ${size} blocks`,
      open: 'no checkpoint covers it yet',
    },
    {
      check: 'checkpoint',
      title: 'Checkpoint',
      holds: isFirst
        ? 'signed by the log; its key is the one this browser saw first'
        : 'signed by the log with the key that was given',
      open: notThere,
    },
    {
      check: 'consistency',
      title: 'History',
      holds: 'continues the checkpoint that this browser held before',
      open:
        report.verified.trust === 'none'
          ? notThere
          : 'first look at this log: nothing held to compare with',
    },
    {
      check: 'policy',
      title: 'Witnesses',
      holds: 'the quorum of the policy has signed',
      open: 'this page asks for none; the command below takes a policy',
    },
  ];
}

/** The reason for people, and what exactly was found. */
function whyNot(error: ClientError): string {
  return `${reasonOf(error).replace(/\.$/, '')}: ${error.message.replace(/\.$/, '')}.`;
}
