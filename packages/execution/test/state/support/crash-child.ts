/** Commits numbered blocks to a state on a disk, telling what is durable, until it is killed. */
import { createStateEngine } from '../../../src/state/tables.ts';
import { createWorldState } from '../../../src/state/world-state.ts';
import { changesOfBlock, hashOfBlock } from './numbered-blocks.ts';

const [path = ''] = process.argv.slice(2);
const world = createWorldState({
  engine: await createStateEngine({ path }),
  windowBlocks: 20,
  trieBytes: 100_000,
});
console.log(JSON.stringify({ opened: world.number }));
for (;;) {
  const number = world.number + 1;
  // Now and then a block is undone and made again, as a reorganisation does.
  if (number > 30 && number % 17 === 0) {
    world.rewind(number - 5);
    for (let again = number - 4; again < number; again++) {
      world.commit(world.stage(changesOfBlock(again)), hashOfBlock(again));
    }
  }
  world.commit(world.stage(changesOfBlock(number)), hashOfBlock(number));
  if (number % 3 === 0) {
    await world.flush();
    console.log(JSON.stringify({ durable: world.durableNumber }));
  }
}
