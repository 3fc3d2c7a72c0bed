/**
 * The style sheet of the report. Colours are variables, each for light and for dark; the system decides until the
 * reader does. Nothing is told by colour alone: marks, letters and words stand beside it, and print needs no colour.
 */
const colours = `
--bg:light-dark(#f6f6f3,#111418);--panel:light-dark(#fff,#191d23);--raise:light-dark(#fbfbf9,#1e232a);
--ink:light-dark(#1b2027,#dde3ea);--soft:light-dark(#58606b,#9aa5b1);--line:light-dark(#dedfdb,#2c333c);
--axis:light-dark(#c9ccd0,#3b434e);--accent:light-dark(#0a57a4,#83bdff);--now:light-dark(#e6f0fb,#1c2f45);
--nowline:light-dark(#0a57a4,#83bdff);--bad:light-dark(#a8201a,#ff9288);--badbg:light-dark(#fceceb,#371d1c);
--good:light-dark(#17633c,#7bd6a2);--goodbg:light-dark(#e8f4ec,#15301f);--warn:light-dark(#7d4b00,#efbd68);
--warnbg:light-dark(#fbf1dd,#33270f);--hatch:light-dark(#d9c9a8,#5b4d2c);--hatchbg:light-dark(#fbf6ea,#262115);
--k0:light-dark(#2f6fb5,#6ba8ea);--k1:light-dark(#b4641a,#e29a57);--k2:light-dark(#7150ad,#b096e8);
--k3:light-dark(#25866a,#5cc4a4);--k4:light-dark(#ac3c70,#e680af);--k5:light-dark(#6d6f14,#c0c257);
--k6:light-dark(#4d5b75,#9aa9c6);--k7:light-dark(#93462f,#d9907a);`;

/** What of a long schedule is below the first screen: laid out when it comes in sight, so that the first is seen sooner. */
const LATER = 'section:has([data-window])~section,section:has([data-window]) .at:not(.now)';

const tracks = [0, 1, 2, 3, 4, 5, 6, 7];

export const style: string = `
:root{color-scheme:light dark;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"Liberation Mono",monospace;${colours}}
:root[data-theme=dark]{color-scheme:dark}:root[data-theme=light]{color-scheme:light}
*{box-sizing:border-box}
html{scroll-padding:5rem 0 30vh}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,"Segoe UI",Roboto,Arial,sans-serif}
code,pre,kbd,output{font-family:var(--mono);font-size:.88em}
code{overflow-wrap:anywhere}
a{color:var(--accent);text-underline-offset:2px}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
.soft,small{color:var(--soft)}
.sr{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap;margin:0}
.skip{position:absolute;left:-999px}.skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.4rem .8rem;z-index:9}
html:not(.js) .js-only{display:none}
button{font:inherit;font-size:13px;color:var(--ink);background:var(--raise);border:1px solid var(--line);border-radius:6px;padding:.25rem .65rem;min-height:28px;min-width:28px;cursor:pointer}
button:hover{border-color:var(--soft)}
header,main,footer{max-width:1560px;margin:0 auto;padding:0 1.5rem}
header{padding-top:1.1rem}
.top{display:flex;flex-wrap:wrap;align-items:center;gap:.75rem}
.brand{font-weight:600;letter-spacing:.02em;color:var(--soft)}
.verdict,.word,.flag{font-weight:600}
.verdict{padding:.15rem .7rem;border-radius:999px;border:1px solid currentColor}
.bad .verdict{color:var(--bad);background:var(--badbg)}.good .verdict{color:var(--good);background:var(--goodbg)}.warn .verdict{color:var(--warn);background:var(--warnbg)}
.word{white-space:nowrap}.word.bad{color:var(--bad)}.word.good{color:var(--good)}.word.warn{color:var(--warn)}
.buttons{margin-left:auto;display:flex;flex-wrap:wrap;gap:.4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.9rem 0 .2rem;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
.model{font-size:.62em;font-weight:700;letter-spacing:.08em;color:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.15em .45em;vertical-align:.25em}
.lead{font-size:1.05rem;margin:.2rem 0 1rem;max-width:75ch;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(290px,1fr));gap:.55rem 2rem;margin:.6rem 0;padding:0}
.facts>div{min-width:0;border-top:1px solid var(--line);padding-top:.35rem}
dt{color:var(--soft);font-size:12px}dd{margin:0;overflow-wrap:anywhere}
dd ul{margin:.1rem 0;padding-left:1.1rem}
.command{display:flex;flex-wrap:wrap;gap:.2rem 1rem;align-items:baseline;margin:.8rem 0 0;padding:.5rem .8rem;background:var(--panel);border:1px solid var(--line);border-radius:8px}
.command span{color:var(--soft);font-size:12px}
nav{display:flex;flex-wrap:wrap;gap:.1rem 1.2rem;margin:1rem 0 0;padding:.5rem 0;border-bottom:1px solid var(--line)}
nav a{text-decoration:none;font-size:14px;padding:.15rem 0;min-height:24px}nav a:hover{text-decoration:underline}
section{margin:1.8rem 0 2.4rem}
h2{font-size:1.12rem;margin:0 0 .7rem;font-weight:650}
h3{font-size:.98rem;margin:1.1rem 0 .4rem;font-weight:650}h4{font-size:.9rem;margin:.9rem 0 .2rem;font-weight:600}
.words{font-size:1.08rem;max-width:75ch;margin:.3rem 0}
.needed{margin:.3rem 0 .6rem;padding-left:1.5rem}.needed li{margin:.15rem 0}
pre{background:var(--panel);border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;overflow:auto;line-height:1.4;font-size:13px;margin:.5rem 0}
#kernel pre,#reproduce pre{max-width:82ch}#reproduce pre:not(#schedule){white-space:pre-wrap;overflow-wrap:anywhere}#schedule{max-height:24rem}
.beside{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,420px),1fr));gap:0 2rem}.beside ul{margin:.2rem 0;padding-left:1.1rem}
.scroll{overflow-x:auto;position:relative}
footer{color:var(--soft);font-size:13px;padding-top:1rem;padding-bottom:2rem;border-top:1px solid var(--line)}
table{border-collapse:separate;border-spacing:0}
th{font-weight:600;text-align:left}
caption{text-align:left;color:var(--soft);font-size:12px;padding:.4rem 0 .2rem}
.grid{font-size:14px;width:100%;background:var(--panel);border:1px solid var(--line);border-radius:8px}
.grid th,.grid td{padding:.35rem .7rem;vertical-align:top;border-top:1px solid var(--line)}.grid thead th{border-top:0;color:var(--soft);font-size:12px}
.grid tr.broken th{color:var(--bad)}
.heat{font-size:13px;background:var(--panel)}.heat th,.heat td{padding:.2rem .4rem;border:1px solid var(--line);text-align:center}.heat tbody th{text-align:left}.heat td{font-family:var(--mono)}
.h0{background:var(--badbg)}.h1{background:var(--warnbg)}.h2{background:var(--now)}.h3{background:var(--goodbg)}
.entries{list-style:none;padding:0;margin:.2rem 0;font-size:14px}
.choice{display:inline-block;font-size:12px;border:1px dashed var(--soft);border-radius:4px;padding:0 .35em;margin-left:.4em;overflow-wrap:anywhere}

.split{display:block}
.chart{min-width:0}
.chartbar{display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;align-items:center;justify-content:space-between;margin:.2rem 0 .6rem;font-size:13px}
.legend{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;list-style:none;margin:0;padding:0;color:var(--soft)}
.legend code,.legend b{color:var(--ink)}
.key{display:inline-block;width:6px;height:14px;border-radius:3px;vertical-align:-2px;margin-right:.3em}
.key.hatch{width:18px;border-radius:2px}.key.order{width:9px;border:2px solid var(--accent);border-right:0;border-radius:3px 0 0 3px}
.fold{display:inline-flex;align-items:center;min-height:24px;gap:.4em}
.chart>.scroll{background:var(--panel);border:1px solid var(--line);border-radius:10px}
.lanes{width:100%;font-size:13.5px;line-height:1.4}
.lanes th,.lanes td{padding:.22rem .6rem .22rem .8rem;vertical-align:top;position:relative}
.lanes thead th,.lanes thead td{background:var(--raise);border-bottom:1px solid var(--line);padding-top:.5rem;padding-bottom:.4rem}
.lanes thead small{display:block;font-weight:400;font-size:11.5px}
.lanes .n{width:3.2em;text-align:right;padding:.22rem .5rem;color:var(--soft);font-variant-numeric:tabular-nums;font-weight:400}
.lanes .n a{color:inherit;text-decoration:none;display:inline-block;min-width:24px;min-height:24px}.lanes .n a:hover{text-decoration:underline}
tr.switch>*{border-top:1px solid var(--line)}
tr.initial>*{color:var(--soft);border-bottom:1px solid var(--line)}
.lanes tbody tr[id^=step]:hover>*{background-color:var(--raise)}
.lanes tbody tr[aria-current]>*,html:not(.js) .lanes tbody tr:target>*{background-color:var(--now)}
.lanes tbody tr[aria-current]>.n{box-shadow:inset 3px 0 0 var(--nowline);color:var(--ink);font-weight:650}
.wide .lane{min-width:120px}
.lane::before{content:"";position:absolute;left:5px;top:-1px;bottom:0;border-left:1px dotted var(--axis)}
thead .lane::before,.lane.gone::before{display:none}
${tracks.map((i) => `td.lane.t${i}{padding-left:${i === 0 ? 14 : 8 + i * 9}px}.b.s${i}{left:${3 + i * 9}px}.k${i}{--k:var(--k${i})}`).join('')}
td.lane.t8{padding-left:82px}
${tracks.map((i) => `td.ord.t${i}{width:${12 + i * 10}px;min-width:${12 + i * 10}px}.o.s${i}{left:${3 + i * 10}px}`).join('')}
.b{position:absolute;top:-1px;bottom:0;width:5px;background:var(--k);z-index:1}
.key{background:var(--k)}
.b.from{top:5px;border-radius:3px 3px 0 0}.b.to{bottom:5px;border-radius:0 0 3px 3px}.b.from.to{border-radius:3px}
.lanes td.ord,.lanes thead td.ord{padding:0}
.o{position:absolute;top:-1px;bottom:0;width:8px;border-left:2px solid var(--accent)}
.o.from{top:11px;border-top:2px solid var(--accent);border-radius:4px 0 0 0}
.o.to{bottom:auto;height:13px;border-bottom:2px solid var(--accent);border-radius:0 0 0 4px}
.o.to::after{content:"";position:absolute;right:-4px;bottom:-5px;border:4px solid transparent;border-left-color:var(--accent);border-right:0}
.waits,.key.hatch{background-image:repeating-linear-gradient(135deg,var(--hatch) 0 1px,transparent 1px 7px);background-color:var(--hatchbg)}
.what code{font-size:12.6px}
.proc{display:block;font-size:11.5px;overflow-wrap:anywhere}
.essential .what>code{font-weight:700}
.essential .n{font-weight:650;color:var(--ink)}
.tag{display:inline-block;font-size:11px;line-height:1.35;border:1px solid var(--k);border-left-width:5px;border-radius:3px;padding:0 .35em;margin-left:.5em;white-space:nowrap}
.for{display:inline-block;border-radius:3px;padding:0 .3em;color:var(--ink);font-size:12px}.waits .for{background:var(--hatchbg)}
.flag{display:block;color:var(--bad);margin:.15rem 0}
tr.bad>*{background-color:var(--badbg)}
tr.end>*{border-top:1px solid var(--line);padding-top:.5rem;padding-bottom:.6rem}
tr.end .lane::before{bottom:auto;height:.5rem}.lanes tr.bad>td.lane::before{display:none}
.narrow td.lane{width:1%}.narrow .lane{min-width:34px}
.narrow thead .lane{padding-right:.2rem}.narrow thead .who{display:block;max-width:62px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:12px}
.narrow .act{text-align:left}.dot{color:var(--accent);font-size:11px;line-height:1;position:relative;z-index:2}.bad .dot{color:var(--bad)}
.narrow .text{min-width:20rem;width:100%}.narrow .text .what{display:inline}.narrow .text .proc{display:inline;margin-right:.5em}
.lanes .text{padding-left:8.2em}.text .who{position:absolute;left:.6em;width:7.2em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
.lanes tr.end .text .who{position:static}
tr.gap{display:none}tr.gap.always,body:has(#fold:checked) tr.gap{display:table-row}tr.gap td{color:var(--soft);font-size:12px}
.pre{white-space:nowrap;margin-left:.6em;font-size:11px}
#frame{position:relative}.over{position:absolute;left:0;top:0;margin:0;pointer-events:none;z-index:3}
.hb{fill:none;stroke:var(--soft);stroke-width:1.2;opacity:0}.hb.on{opacity:1;stroke:var(--accent);stroke-width:1.8}.head-hb{fill:var(--accent)}
body:has(#arrows:checked) .hb:not(.on){opacity:.45}
.folds{display:flex;flex-wrap:wrap;gap:.2rem 1.4rem}
.windowed #frame{max-height:80vh;overflow:auto;scroll-padding:4rem 0}.windowed .lanes{table-layout:fixed}.windowed .lanes td.lane,.windowed .lanes th.lane{width:62px}.windowed .lanes td,.windowed .lanes th{height:26px;white-space:nowrap;overflow:hidden;text-overflow:ellipsis;padding-top:1px;padding-bottom:1px}
.windowed .lanes .n{width:4.6em}.windowed .lanes .text{width:auto}.windowed .lanes thead th{position:sticky;top:0;z-index:4}
#pins:empty{display:none}
.listing{columns:24rem}.listing details{break-inside:avoid}.listing summary{min-height:24px;cursor:pointer}.delays{max-width:90ch;padding-left:1.2rem}
.ends{margin:.2rem 0;padding-left:1.1rem}
body:has(#fold:checked) tr.plain:not([aria-current]){display:none}

.pane{font-size:14px;margin-top:1.2rem}
.at{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem;margin:.6rem 0}
.at h3{margin:.1rem 0}.at h3 small{float:right;font-weight:400;font-size:11.5px}.at .label{margin:.1rem 0 .3rem;font-size:1rem}
.at p.soft{font-size:13px;margin:.5rem 0 0}
.note{margin:.2rem 0;font-style:italic}
.stack{margin:.3rem 0;font-size:13px;line-height:1.45}.stack small{font-size:11.5px;overflow-wrap:anywhere}
.changes{list-style:none;margin:.5rem 0;padding:0;font-size:13px}
.changes li{border-top:1px solid var(--line);padding:.2rem 0 .2rem 2.1em;text-indent:-2.1em}
.changes b{display:inline-block;width:1.5em;margin-right:.35em;text-indent:0;text-align:center;border-radius:3px;font-size:12px}
.A b{color:var(--good);background:var(--goodbg)}.M b{color:var(--warn);background:var(--warnbg)}.D b{color:var(--bad);background:var(--badbg)}
.changes li:not(:has(b)){padding-left:1em;text-indent:-1em}#all .M code{color:var(--warn);font-weight:600}
.changes button{all:unset;cursor:pointer;font:12.4px var(--mono);overflow-wrap:anywhere;text-indent:0;text-decoration:underline dotted var(--soft);text-underline-offset:3px;min-height:24px;margin-right:.6em}
.changes button:focus-visible{outline:2px solid var(--accent)}
html:not(.js) .changes button{text-decoration:none;cursor:auto}
.stand{width:100%;font-size:13px}
.stand td,.stand th{padding:.2rem .5rem .2rem 0;vertical-align:top;border-top:1px solid var(--line)}
.stand th{white-space:nowrap;padding-right:.8rem}
.stop{color:var(--bad);font-weight:600}.goes{color:var(--good);font-weight:600}.can{color:var(--soft)}
.holds{display:block}
.stepper{display:flex;gap:.2rem;align-items:center;flex-wrap:wrap}.stepper button{padding:.25rem .5rem}
.stepper output{min-width:5em;text-align:center}
#watch{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.4rem 1rem .7rem;margin:.6rem 0}
#watch h3{margin:.2rem 0}#history{margin:.2rem 0 .5rem;padding-left:1.3rem;font-size:13px}
#values summary{cursor:pointer;min-height:24px}#filter{font:inherit;color:inherit;background:var(--raise);border:1px solid var(--soft);border-radius:5px;padding:.15rem .4rem}
.js:not(.flat) .at{display:none}.js .at.now{display:block}
${LATER}{content-visibility:auto;contain-intrinsic-size:auto 40rem;overflow-clip-margin:6px}
@media (scripting:enabled){html:not(.windowed) #rows[data-window]>:nth-child(n+30){display:none}}
@media (max-width:600px){.narrow .text{min-width:9rem}.lanes .text{padding-left:.6em}.text .who{position:static;width:auto;margin-right:.5em}.narrow thead .who{writing-mode:vertical-rl;max-width:none;max-height:8rem}.windowed .lanes td.lane,.windowed .lanes th.lane{width:44px}}
@media (min-width:1120px){
.js .split{display:grid;grid-template-columns:minmax(0,1fr) 380px;gap:1.4rem;align-items:start}
.js .pane{position:sticky;top:0;max-height:100vh;overflow-y:auto;margin:0;padding:.4rem 2px 1rem}
}
.graphs{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:1.4rem}
.graph{margin:0;background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:.7rem 1rem;min-width:0}.graph.wide{grid-column:1/-1}
figcaption{font-weight:600}
svg{display:block;margin:.3rem auto;font:12.6px var(--mono)}
.node rect{fill:var(--raise);stroke:var(--soft);stroke-width:1.3}.node.condition rect{stroke-dasharray:5 3}.node.cycle rect{stroke:var(--bad);stroke-width:2}
.node text{fill:var(--ink)}
.edge path{fill:none;stroke:var(--soft);stroke-width:1.4}.edge.cycle path{stroke:var(--bad);stroke-width:2}
.edge text{fill:var(--soft);font:11.5px system-ui,sans-serif;paint-order:stroke;stroke:var(--panel);stroke-width:4px}
.head{fill:var(--soft)}.head-cycle{fill:var(--bad)}
.states path{fill:none;stroke:var(--soft);stroke-width:1}.states .leave{opacity:.35}.states .along,.states .join{stroke:var(--accent)}.states .join{stroke-dasharray:4 2}.states .spine{stroke:var(--ink);stroke-width:2}
.states path[class^=dot]{stroke-width:8;stroke-linecap:round;stroke:var(--accent)}.states path.dot-spine{stroke:var(--ink)}.states path.dot-broken{stroke:var(--bad);stroke-linecap:square}.states path.dot-apart{stroke:var(--warn)}.states path.dot-hole{stroke:var(--panel);stroke-width:4}
.states text{fill:var(--soft);font-size:11px;paint-order:stroke;stroke:var(--panel);stroke-width:3px}.states .col{fill:var(--ink);font-weight:600}.states{max-height:36rem;overflow:auto}.states svg{margin:0}
.edges{columns:26rem;font-size:13px;color:var(--soft);margin:.4rem 0 0;padding-left:1.1rem}.edges code{color:var(--ink)}
dialog{color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:12px;padding:1rem 1.4rem;max-width:34rem;width:90%}
dialog::backdrop{background:rgb(0 0 0/.35)}
kbd{border:1px solid var(--line);border-bottom-width:2px;border-radius:4px;padding:.05em .4em}
@media print{
@page{margin:10mm}
:root,:root[data-theme]{color-scheme:light}
body{background:#fff;font-size:7.5pt;line-height:1.2}
header,main,footer{max-width:none;padding:0}
section{margin:.5rem 0}h1{font-size:13pt;margin:.3rem 0 .1rem}h2{font-size:10pt;margin:.2rem 0}h3,h4,figcaption{font-size:8pt;margin:.25rem 0 .1rem}p,ul,ol,.lead{margin:.15rem 0}.words,.lead{font-size:8.5pt}
nav,.buttons,.stepper,.screen,.pane,.fold,dialog,.skip,button:not(.changes *){display:none!important}
body:has(#fold:checked) tr.plain{display:table-row!important}
dt,caption,footer,.legend,.command span{font-size:6.5pt}.command{margin:.2rem 0;padding:.2rem .5rem}
.facts{display:block;columns:5;column-gap:.8rem;margin:.2rem 0}.facts>div{break-inside:avoid;padding-top:.1rem;margin-bottom:.15rem}
.grid,.lanes,.entries,.delays,.edges,.lanes .for{font-size:6.5pt}.grid th,.grid td{padding:.05rem .3rem}.grid thead th{font-size:6pt}
.lanes{line-height:1.2}.lanes th,.lanes td,.lanes thead th,.lanes thead td,.lanes .n,.lanes tr.end>*{padding-top:0;padding-bottom:.05rem}.lanes .n a{min-height:0;min-width:0}.what code,.lanes code,.lanes small,.pre,.choice{font-size:6pt}.lanes .tag{font-size:5.5pt}
.lanes .proc{display:inline;margin-right:.6em}.over{display:none}.split{display:block!important}.chartbar{margin:.1rem 0}
#trust{columns:2;column-gap:1rem}#trust h2{column-span:all}#provenance .facts,#trust .facts{columns:3}.delays{columns:2}
${LATER}{content-visibility:visible}
h2,h3,h4{break-after:avoid}figure,tr{break-inside:avoid}
#source details,#source h3{display:none}details::details-content{content-visibility:visible!important}
.graphs{display:flex;gap:.3rem}.graph{flex:1}.graph.wide{flex:2}.graph{padding:.2rem .4rem}.edges{columns:1}
svg{max-width:100%;height:auto;max-height:6rem}.states svg{max-height:12rem}
pre{white-space:pre-wrap;overflow-wrap:anywhere;max-height:none!important;font-size:6.2pt;line-height:1.15;padding:.2rem .4rem;margin:.15rem 0}
#kernel pre{max-width:none;columns:2;column-gap:1rem;font-size:5.9pt}
.scroll{overflow:visible}
.b{outline:1px solid #333}.changes button{text-decoration:none}
a{color:inherit}.grid a[href^=http]{text-decoration:none}p a[href^=http]::after{content:" <" attr(href) ">"}
}
`.replaceAll('\n', '');

/** What the suite page has besides. */
export const suiteStyle: string = `
.filters{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;margin:.4rem 0}.filters label{min-height:24px}
${['bad', 'warn', 'good'].map((tone) => `body:has(#show-${tone}:not(:checked)) tr.is-${tone}`).join(',')}{display:none}
.strip{display:flex;gap:3px;list-style:none;margin:0;padding:0}.strip li{border:1px solid;border-radius:3px;padding:0 .3em;white-space:nowrap}.strip small{margin-left:.2em}
@media print{.filters{display:none}}
`.replaceAll('\n', '');
