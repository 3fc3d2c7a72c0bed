/**
 * The small part of a browser that the report's script uses, as types. Written here so that the rest of the project is
 * not type-checked as if it ran in a browser.
 */
export interface Node {
  id: string;
  hidden: boolean;
  textContent: string | null;
  value: string;
  checked: boolean;
  readonly tagName: string;
  readonly offsetParent: Node | null;
  readonly scrollWidth: number;
  readonly scrollHeight: number;
  readonly clientHeight: number;
  scrollTop: number;
  readonly scrollLeft: number;
  readonly style: { height: string };
  readonly classList: {
    add(name: string): void;
    remove(name: string): void;
    toggle(name: string, on: boolean): void;
    contains(name: string): boolean;
  };
  readonly dataset: Record<string, string | undefined>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  append(...children: (Node | string)[]): void;
  replaceChildren(...children: (Node | string)[]): void;
  closest(selector: string): Node | null;
  querySelectorAll(selector: string): Iterable<Node>;
  querySelector(selector: string): Node | null;
  scrollIntoView(options: { block: 'nearest' | 'center' }): void;
  getBoundingClientRect(): {
    readonly top: number;
    readonly bottom: number;
    readonly left: number;
    readonly height: number;
  };
  click(): void;
  focus(): void;
  remove(): void;
  select(): void;
  addEventListener(type: string, listener: (event: Happening) => void): void;
}

export interface Happening {
  readonly key: string;
  readonly target: Node;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  preventDefault(): void;
}

export interface Dialog extends Node {
  readonly open: boolean;
  showModal(): void;
  close(): void;
}

export interface Browser {
  readonly document: Node & {
    readonly documentElement: Node;
    readonly body: Node;
    getElementById(id: string): Node | null;
    createElement(tag: string): Node;
    createElementNS(space: string, tag: string): Node;
  };
  readonly location: { hash: string; readonly href: string };
  readonly history: { replaceState(state: null, title: string, url: string): void };
  readonly navigator: { readonly clipboard?: { writeText(text: string): Promise<void> } };
  readonly innerHeight: number;
  readonly Blob: new (parts: readonly string[], options: { readonly type: string }) => object;
  readonly URL: { createObjectURL(blob: object): string; revokeObjectURL(url: string): void };
  atob(text: string): string;
  matchMedia(query: string): { readonly matches: boolean };
  getSelection(): { selectAllChildren(node: Node): void } | null;
  requestAnimationFrame(run: () => void): void;
  setTimeout(run: () => void, milliseconds: number): void;
  addEventListener(type: string, listener: (event: Happening) => void): void;
}
