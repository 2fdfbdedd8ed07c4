import { h } from './dom.ts';
import type { Route, View } from './page.ts';

/** A view whose code comes in a file of its own: a link to a block does not pay for the list. */
export function createLazyView(name: Route['name'], load: () => Promise<View>): View {
  const element = h('div');
  let view: View | undefined;
  let isClosed = false;
  load().then(
    (made) => {
      if (isClosed) return made.close();
      view = made;
      element.replaceChildren(made.element);
    },
    () => element.replaceChildren('This part of the page could not be loaded: load it again.'),
  );
  return {
    element,
    show: (route) => view?.show(route) ?? route.name === name,
    close: () => {
      isClosed = true;
      view?.close();
    },
  };
}
