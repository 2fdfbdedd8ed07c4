import { h, setText } from './dom.ts';

const COPIED_MS = 1_600;

/** A link to a file that this page makes itself, when it is asked for. */
export function downloadLink(name: string, text: string): HTMLElement {
  const link = h('a', { href: '#', download: name }, name);
  link.addEventListener('click', () => {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    link.href = url;
    // The browser has taken the address by then; keeping it would keep the bytes.
    setTimeout(() => {
      URL.revokeObjectURL(url);
      link.href = '#';
    }, COPIED_MS);
  });
  return link;
}

/** A command with a button that copies it. */
export function copyCommand(command: string): HTMLElement {
  const button = h('button', { type: 'button' }, 'Copy');
  const code = h('code', { tabindex: 0 }, command);
  button.addEventListener('click', () => {
    copy(command, code).then(
      () => {
        setText(button, 'Copied');
        setTimeout(() => setText(button, 'Copy'), COPIED_MS);
      },
      () => setText(button, 'Select it'),
    );
  });
  return h('div', { class: 'command' }, code, button);
}

/** The clipboard is there over https and on this machine only; else the text gets selected. */
async function copy(text: string, element: HTMLElement): Promise<void> {
  if (navigator.clipboard !== undefined) {
    await navigator.clipboard.writeText(text);
    return;
  }
  getSelection()?.selectAllChildren(element);
  throw new Error('no clipboard');
}
