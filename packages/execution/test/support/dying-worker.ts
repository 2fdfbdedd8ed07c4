/**
 * The worker of an executor, with its real engine, that dies in the middle of a block: after so
 * many parts of tasks, or as it asks for a slot of the state for the so manyth time, which is
 * within a transaction. `DYING_WORKER` says which, as `parts=60`; the exit code is the number.
 */
import { Hand } from '../../src/parallel/hand.ts';
import { MailboxReader } from '../../src/parallel/mailbox.ts';
import '../../src/parallel/execution-worker-shell.ts';

const [what, number] = (process.env['DYING_WORKER'] ?? '').split('=');
const last = Number(number);

let done = 0;
const step = Reflect.get<Hand, 'step'>(Hand.prototype, 'step');
Hand.prototype.step = function (this: Hand) {
  const outcome = step.call(this);
  if (what === 'parts' && outcome === 'worked' && ++done === last) process.exit(last);
  return outcome;
};

let asked = 0;
const read = Reflect.get<MailboxReader, 'readStorage'>(MailboxReader.prototype, 'readStorage');
MailboxReader.prototype.readStorage = function (this: MailboxReader, address, slot) {
  if (what === 'reads' && ++asked === last) process.exit(last);
  return read.call(this, address, slot);
};
