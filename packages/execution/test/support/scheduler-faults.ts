/** Faults that other implementations of Block-STM had, and some that this one could have. */
import type { SchedulerFault } from './simulation.ts';

/** They lead to a wrong result, to no end, or to two hands on one transaction. */
export const FAULTS: readonly SchedulerFault[] = [
  {
    name: 'the active count is raised after the validation index',
    edits: [
      { out: 'enter();\n    preempt(1);', in: 'if (!ON) enter();' },
      {
        out: 'let transaction = takeValidation();',
        in: 'let transaction = takeValidation();\n    preempt(1);\n    if (ON) enter();',
      },
    ],
  },
  {
    name: 'a list of waiting transactions is read and not emptied: stale wake-ups',
    edits: [
      {
        out: 'return atomic.xchg<i32>(owner + L.RECORD_WAITING, 0);',
        in:
          'if (ON) return atomic.load<i32>(owner + L.RECORD_WAITING);\n' +
          '  return atomic.xchg<i32>(owner + L.RECORD_WAITING, 0);',
      },
    ],
  },
  {
    name: 'who begins to wait does not look again: lost wake-ups',
    edits: [
      {
        out: 'if (isFinished(owner) && resumeWaiting(owner)) wakeSleepers();',
        in: 'if (!ON && isFinished(owner) && resumeWaiting(owner)) wakeSleepers();',
      },
    ],
  },
  {
    name: 'a change during a validation leaves no note',
    edits: [
      {
        out: 'const again = (status & ~7) | L.VALIDATING_AGAIN;',
        in: 'if (ON) return false;\n      const again = (status & ~7) | L.VALIDATING_AGAIN;',
      },
    ],
  },
  {
    name: 'a first run counts before its end is told',
    edits: [
      {
        out: '  // In this order: below',
        in:
          '  if (ON) {\n    atomic.store<i32>(at + L.RECORD_HAS_RUN, 1);\n    preempt(2);\n  }\n' +
          '  // In this order: below',
      },
    ],
  },
  {
    name: 'what is above is not validated again when a transaction ran again',
    edits: [
      {
        out: '    lowerValidation(transaction);',
        in: '    if (!ON) lowerValidation(transaction);',
      },
    ],
  },
  {
    name: 'the block is done without a second look at what was reopened',
    edits: [
      {
        out: 'if (atomic.load<i32>(base + L.REOPENED) !== reopened) return;',
        in: 'if (!ON && atomic.load<i32>(base + L.REOPENED) !== reopened) return;',
      },
    ],
  },
];

/** They cost time and nothing else. */
export const EAGER_VALIDATION: SchedulerFault = {
  name: 'validation runs ahead of transactions that never ran',
  edits: [
    {
      out: '  return atomic.load<i32>(base + L.FRONTIER);',
      in:
        '  if (ON) return min(atomic.load<i32>(base + L.EXECUTION_INDEX), ' +
        'atomic.load<i32>(base + L.COUNT));\n  return atomic.load<i32>(base + L.FRONTIER);',
    },
    { out: '  if (isFirst) {', in: '  if (ON) lowerValidation(transaction);\n  if (isFirst) {' },
  ],
};

export const ONE_CONFLICT_A_ROUND: SchedulerFault = {
  name: 'validation waits until the transaction below is valid',
  edits: [
    {
      out: '    if (index >= validationLimit()) return -1;',
      in:
        '    if (index >= validationLimit()) return -1;\n' +
        '    if (ON && index > 0 && (load<i32>(record(index - 1)) & 7) !== L.EXECUTED) return -1;',
    },
  ],
};
