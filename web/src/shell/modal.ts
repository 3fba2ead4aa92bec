// What a modal dialog does besides being modal. The browser reports that Escape closed it only with the next frame, and
// until then what is typed goes into the closed dialog: on a machine that draws slowly the operator's next key would be
// lost. So Escape is taken here, and the dialog is gone before the next key arrives.

import type { Action } from 'svelte/action';

/** Opens the dialog; `close` is told once, at once. The focus goes back to where it was. */
export const modal: Action<HTMLDialogElement, () => void> = (node, close) => {
  const opener = document.activeElement;
  let told = false;

  function leave(): void {
    if (told) return;
    told = true;
    node.close();
    close();
  }
  function press(event: KeyboardEvent): void {
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    event.stopPropagation();
    leave();
  }

  node.addEventListener('keydown', press);
  // Other ways to close it, such as the back gesture of a phone.
  node.addEventListener('close', leave);
  node.showModal();
  return {
    destroy() {
      told = true;
      node.close();
      if (document.activeElement === document.body && opener instanceof HTMLElement && opener.isConnected) opener.focus();
    },
  };
};
