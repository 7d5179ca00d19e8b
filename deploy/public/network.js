// @ts-nocheck
// Made by page/build.mjs from src/ and kernel/: change those instead.

// kernel/kernel.wasm
var kernel_default = await WebAssembly.compile(Uint8Array.from(atob("AGFzbQEAAAABOwlgA39/fwBgAX8Bf2ADfX19AX9gBn9/f39/fwF/YAV/f39/fAF/YAABf2ABfwBgAn9/AX9gA39/fwF/Aw0MAAECAwQFBgUHBQgFBAUBcAEBAQUFAQEBgAQGCAF/AUGAgAELB3EMBm1lbW9yeQIACGNsYXNzaWZ5AAAEcm9vbQABBWJlZ2luAAIGY29udjJkAAMLYmF0Y2hub3JtMmQABARyZWx1AAUEZ2VsdQAHCW1heHBvb2wyZAAIB2ZsYXR0ZW4ACQZsaW5lYXIACgZmaW5pc2gACwrWgQEMgEsNC38FfAJ7Bn8BfRB/CHsBfwF7AX8KewJ/D3sCQCABQQFIDQBBoIiBgABBACgCoOyBgAAiA0EGdGpBXGooAgBBAnQhBANAQaCIgYAAIQUCQCADQQBMDQADQAJAAkACQAJAAkACQAJAAkACQAJAAkACQAJAIAUoAgAODAALCgkIBwYFBAMCAQwLIAUoAiAiBkF/aiIHQXxxIghBAXIhCUEAIQogBkEFSSELA0ACQCAGQQFIDQAgBSgCKCAKIAZsQQJ0aiIMIAUoAiwgACAKai0AAEECdGoqAgA4AgAgBkEBRg0AQQAhDUEBIQMCQCALDQADQCAMIA1BAnRqQQRq/QwAAAAAAAAAAAAAAAAAAAAA/QsCACANQQRqIg0gCEcNAAsgCSEDIAcgCEYNAQsDQCAMIANBAnRqQQA2AgAgA0EBaiIDIAZHDQALCyAKQQFqIgpBkAZHDQAMDAsLIAUoAiQiDSsDACEOAkACQCAFKAIMIgZBAkgNACAGQX9qIgxBA3EhCkEBIQMCQCAGQX5qQQNJDQAgDEF8cSELQQAhCEEBIQMDQCANIANBA3RqIgwrAxgiDyAMKwMQIhAgDCsDCCIRIAwrAwAiEiAOIBIgDmQbIg4gESAOZBsiDiAQIA5kGyIOIA8gDmQbIQ4gA0EEaiEDIAhBBGoiCCALRw0ACyAKRQ0CC0EAIQwDQCANIANBA3RqKwMAIg8gDiAPIA5kGyEOIANBAWohAyAMQQFqIgwgCkcNAAwCCwsgBkEBRw0LC0QAAAAAAAAAACEQQQAhAwNAAkACQCANIANBA3RqIgwrAwAgDqEiD0QAAAAAAOCFwGQNAEQAAAAAAAAAACAPIA8gD2EbIQ8MAQsgDyAPRP6CK2VHFfc/okQAAAAAAADgv6D8AiIIt0TvOfr+Qi7mv6KgIg8gDyAPIA8gDyAPIA8gDyAPIA9EAAAAAAAAJECjRAAAAAAAAPA/oKJEAAAAAAAAIkCjRAAAAAAAAPA/oKJEAAAAAAAAwD+iRAAAAAAAAPA/oKJEAAAAAAAAHECjRAAAAAAAAPA/oKJEAAAAAAAAGECjRAAAAAAAAPA/oKJEAAAAAAAAFECjRAAAAAAAAPA/oKJEAAAAAAAA0D+iRAAAAAAAAPA/oKJEAAAAAAAACECjRAAAAAAAAPA/oKJEAAAAAAAA4D+iRAAAAAAAAPA/oKJEAAAAAAAA8D+gIAitQjSGQoCAgICAgID4P3y/oiEPCyAMIA85AwAgECAPoCEQIANBAWoiAyAGRw0AC0EAIQMCQCAGQQJJDQAgBkF+cSEDIBD9FCETQQAhDANAIAIgDEECdGogDSAMQQN0av0AAwAgE/3zASIU/SEAtv0TIBT9IQG2/SAB/VsCAAAgDEECaiIMIANHDQALIAYgA0YNCwsDQCACIANBAnRqIA0gA0EDdGorAwAgEKO2OAIAIANBAWoiAyAGRw0ADAsLCyAFKAIMIghBAUgNCSAFKAIoIQwgBSgCJCEGQQAhAwJAIAhBAUYNACAIQf7///8HcSEDQQAhDQNAIAwgDUEDdGogBiANQQJ0av1dAgD9X/0LAwAgDUECaiINIANHDQALIAggA0YNCgsDQCAMIANBA3RqIAYgA0ECdGoqAgC7OQMAIANBAWoiAyAIRw0ADAoLCyAFKAIcIhVBAUgNCCAFKAIoIRYgBSgCDCIJQf7///8HcSELIAlBAXEhFyAFKAIwIRggBSgCECEZIAUoAiwhGkEAIQcDQAJAAkAgGA0ARAAAAAAAAAAAIQ8MAQsgGCAHQQJ0aioCALshDwsCQCAJQQFIDQAgGiAHIBlsQQJ0aiEMIAUoAiQhBkEAIQNBACEIAkAgCUEBRg0AA0AgDCADQQJ0Ig1BBHIiCmoqAgC7IAYgCmoqAgC7oiAMIA1qKgIAuyAGIA1qKgIAu6IgD6CgIQ8gA0ECaiEDIAhBAmoiCCALRw0ACyAXRQ0BCyAMIANBAnQiA2oqAgC7IAYgA2oqAgC7oiAPoCEPCyAWIAdBA3RqIA8gD7YiG7sgGyAbk0MAAAAAWxs5AwAgB0EBaiIHIBVHDQAMCQsLIAUoAhAiHEEEbSEdAkAgBSgCHCIeQQFIDQAgBSgCJCEfIB5Bf2ohICAFKAIoISEgBSgCMCEiIAUoAiwhI0EAISQDQCAkQQdyISUgJEEGciEmICRBBXIhJyAkQQRyISggJEEDciEpICRBAnIhKiAkQQFyISsCQAJAIBxBBE4NAP0MAAAAAAAAAAAAAAAAAAAAACIsIS0gLCEuICwhLyAsITAgLCExICwhMiAsITMMAQsgIyAkICAgJCAgSBsgHWxBBHRqIQMgIyArICAgKyAgSBsgHWxBBHRqIQ0gIyAqICAgKiAgSBsgHWxBBHRqIQwgIyApICAgKSAgSBsgHWxBBHRqIQYgIyAoICAgKCAgSBsgHWxBBHRqIQggIyAnICAgJyAgSBsgHWxBBHRqIQogIyAmICAgJiAgSBsgHWxBBHRqIQsgIyAlICAgJSAgSBsgHWxBBHRqIQdBACE0/QwAAAAAAAAAAAAAAAAAAAAAIjUhLCA1IS0gNSEuIDUhLyA1ITAgNSExIDUhMiA1ITMDQCA0QcAAaiIJIB0gCSAdSBshNiA1ITcgNSE4IDUhOSA1ITogNSE7IDUhPCA1IT0gNSE+AkAgHSA0QQRqIhhIDQADQCAH/QAEMCAfIDRBBHRqIglBMGr9AAQAIhT95gEgB/0ABCAgCUEgav0ABAAiE/3mASAH/QAEECAJQRBq/QAEACI//eYBIAf9AAQAIAn9AAQAIkD95gEgN/3kAf3kAf3kAf3kASE3IAv9AAQwIBT95gEgC/0ABCAgE/3mASAL/QAEECA//eYBIAv9AAQAIED95gEgOP3kAf3kAf3kAf3kASE4IAr9AAQwIBT95gEgCv0ABCAgE/3mASAK/QAEECA//eYBIAr9AAQAIED95gEgOf3kAf3kAf3kAf3kASE5IAj9AAQwIBT95gEgCP0ABCAgE/3mASAI/QAEECA//eYBIAj9AAQAIED95gEgOv3kAf3kAf3kAf3kASE6IAb9AAQwIBT95gEgBv0ABCAgE/3mASAG/QAEECA//eYBIAb9AAQAIED95gEgO/3kAf3kAf3kAf3kASE7IAz9AAQwIBT95gEgDP0ABCAgE/3mASAM/QAEECA//eYBIAz9AAQAIED95gEgPP3kAf3kAf3kAf3kASE8IA39AAQwIBT95gEgDf0ABCAgE/3mASAN/QAEECA//eYBIA39AAQAIED95gEgPf3kAf3kAf3kAf3kASE9IAP9AAQwIBT95gEgA/0ABCAgE/3mASAD/QAEECA//eYBIAP9AAQAIED95gEgPv3kAf3kAf3kAf3kASE+IAdBwABqIQcgC0HAAGohCyAKQcAAaiEKIAhBwABqIQggBkHAAGohBiAMQcAAaiEMIA1BwABqIQ0gA0HAAGohAyAYITQgGEEEaiIJIRggCSA2TA0ACwsCQCA2IDRMDQAgByEJIAshGCAKIRUgCCEWIAYhGSAMIRogDSEXIAMhQSA0IUIDQCAJ/QAEACAfIEJBBHRq/QAEACIU/eYBIDf95AEhNyAY/QAEACAU/eYBIDj95AEhOCAV/QAEACAU/eYBIDn95AEhOSAW/QAEACAU/eYBIDr95AEhOiAZ/QAEACAU/eYBIDv95AEhOyAa/QAEACAU/eYBIDz95AEhPCAX/QAEACAU/eYBID395AEhPSBB/QAEACAU/eYBID795AEhPiAJQRBqIQkgGEEQaiEYIBVBEGohFSAWQRBqIRYgGUEQaiEZIBpBEGohGiAXQRBqIRcgQUEQaiFBIEJBAWoiQiA2Rw0ACyAHIDYgNGtBBHQiCWohByALIAlqIQsgCiAJaiEKIAggCWohCCAGIAlqIQYgDCAJaiEMIA0gCWohDSADIAlqIQMgNiE0CyAsIDf95AEhLCAtIDj95AEhLSAuIDn95AEhLiAvIDr95AEhLyAwIDv95AEhMCAxIDz95AEhMSAyID395AEhMiAzID795AEhMyA0IB1IDQALCwJAAkAgIg0AQwAAAAAhGwwBCyAiICRBAnRqKgIAIRsLICEgJEECdGogM/0fACAz/R8BkiAz/R8CIDP9HwOSkiAbkjgCAAJAICsgHk4NAAJAAkAgIg0AQwAAAAAhGwwBCyAiICtBAnRqKgIAIRsLICEgK0ECdGogMv0fACAy/R8BkiAy/R8CIDL9HwOSkiAbkjgCACAqIB5ODQACQAJAICINAEMAAAAAIRsMAQsgIiAqQQJ0aioCACEbCyAhICpBAnRqIDH9HwAgMf0fAZIgMf0fAiAx/R8DkpIgG5I4AgAgKSAeTg0AAkACQCAiDQBDAAAAACEbDAELICIgKUECdGoqAgAhGwsgISApQQJ0aiAw/R8AIDD9HwGSIDD9HwIgMP0fA5KSIBuSOAIAICggHk4NAAJAAkAgIg0AQwAAAAAhGwwBCyAiIChBAnRqKgIAIRsLICEgKEECdGogL/0fACAv/R8BkiAv/R8CIC/9HwOSkiAbkjgCACAnIB5ODQACQAJAICINAEMAAAAAIRsMAQsgIiAnQQJ0aioCACEbCyAhICdBAnRqIC79HwAgLv0fAZIgLv0fAiAu/R8DkpIgG5I4AgAgJiAeTg0AAkACQCAiDQBDAAAAACEbDAELICIgJkECdGoqAgAhGwsgISAmQQJ0aiAt/R8AIC39HwGSIC39HwIgLf0fA5KSIBuSOAIAICUgHk4NAAJAAkAgIg0AQwAAAAAhGwwBCyAiICVBAnRqKgIAIRsLICEgJUECdGogLP0fACAs/R8BkiAs/R8CICz9HwOSkiAbkjgCAAsgJEEIaiIkIB5IDQALCyAFKAIgIg0gHkwNByAFKAIoIQwCQCANIB5rIgpBBEkNACAMIB5BAnRqIQggHiAKQXxxIgZqIR5BACEDA0AgCCADQQJ0av0MAAAAAAAAAAAAAAAAAAAAAP0LAgAgA0EEaiIDIAZHDQALIAogBkYNCAsDQCAMIB5BAnRqQQA2AgAgHkEBaiIeIA1HDQAMCAsLAkAgBSgCDCIVQQFIDQAgBSgCCCAFKAIEbCILQQNxIQcgC0H8////B3EhCSALQQJ0QXxqIRlBACEYA0ACQCALQQFIDQAgBSgCJCIDIBhBAnRqIQ0gBSgCKCIWIBggC2xBAnRqIQwgBSgCECEGQQAhCEEAIQoCQCALQQRJDQBBACEKIAZBAUcNAEEAIQogGSAYbCAWaiADa0EQSQ0AA0AgDCAKQQJ0IgNqIA0gA2r9AAIA/QsCACAKQQRqIgogCUcNAAsgCSEKIAsgCUYNAQsgCiEDAkAgB0UNAANAIAwgA0ECdGogDSADIAZsQQJ0aioCADgCACADQQFqIQMgCEEBaiIIIAdHDQALCyAKIAtrQXxLDQADQCAMIANBAnRqIA0gAyAGbEECdGoqAgA4AgAgDCADQQFqIghBAnRqIA0gCCAGbEECdGoqAgA4AgAgDCADQQJqIghBAnRqIA0gCCAGbEECdGoqAgA4AgAgDCADQQNqIghBAnRqIA0gCCAGbEECdGoqAgA4AgAgA0EEaiIDIAtHDQALCyAYQQFqIhggFUcNAAsLIAUoAiAiDCAFKAIcIgNMDQYgBSgCKCEGAkAgDCADayILQQRJDQAgBiADQQJ0aiEKIAMgC0F8cSIIaiEDQQAhDQNAIAogDUECdGr9DAAAAAAAAAAAAAAAAAAAAAD9CwIAIA1BBGoiDSAIRw0ACyALIAhGDQcLA0AgBiADQQJ0akEANgIAIANBAWoiAyAMRw0ADAcLCyAFKAIQIkFBBG0hDCAFKAIUIg1BAUgNBSAFKAIYIQMgBSgCKCEZQQAhFwNAQQAhGgJAIANBAUgNAANAQQAhFgJAIEFBA0wNAANAIAUoAiQgBSgCOCAMbCAFKAIIIhggF2wgGmpsQQR0aiAWQQR0aiIG/QAEACEUAkAgBSgCNCIJQQFIDQAgCUH+////B3EhCyAJQQFxIRVBACEHA0AgByAYbCEKQQAhCEEAIQNBACENAkACQCAJQQFGDQADQCAUIAYgAyAKaiIIIAxsQQR0av0ABAD96wEgBiAIQQFqIAxsQQR0av0ABAD96wEhFCADQQJqIQMgDUECaiINIAtHDQALIAMhCCAVRQ0BCyAUIAYgCCAKaiAMbEEEdGr9AAQA/esBIRQLIAdBAWoiByAJRw0ACwsgGSAU/QsEACAZQRBqIRkgFkEBaiIWIAxHDQALIAUoAhghAwsgGkEBaiIaIANIDQALIAUoAhQhDQsgF0EBaiIXIA1IDQAMBgsLIAUoAhggBSgCFGwgBSgCIGxBBEgNBCAFKAIoIQxBACENA0AgDCANQQR0aiIDIAP9AAQAIhQgFP0MAAAAAAAAAAAAAAAAAAAAACIT/UP9TyAU/eAB/QwAALBAAACwQAAAsEAAALBAIj/96gEiFCAUIBQgFCAUIBQgFCAUIBT9DLTZnrS02Z60tNmetLTZnrQiQP3mAf0M3/j6Nt/4+jbf+Po23/j6NiI3/eQB/eYB/QwlvXy4Jb18uCW9fLglvXy4Ijj95AH95gH9DAHYDzgB2A84AdgPOAHYDzgiOf3kAf3mAf0MBy7FOgcuxToHLsU6By7FOiI6/eQB/eYB/QwvJjC6LyYwui8mMLovJjC6Ijv95AH95gH9DATHAr0ExwK9BMcCvQTHAr0iPP3kAf3mAf0MBk67vQZOu70GTru9Bk67vSI9/eQB/eYB/QzGwGo/xsBqP8bAaj/GwGo/Ij795AEiFCAU/eYBIhQgFP3mASIUIBT95gH95gH95QH9CwQAIAMgA/0ABBAiFCAUIBP9Q/1PIBT94AEgP/3qASIUIBQgFCAUIBQgFCAUIBQgFCBA/eYBIDf95AH95gEgOP3kAf3mASA5/eQB/eYBIDr95AH95gEgO/3kAf3mASA8/eQB/eYBID395AH95gEgPv3kASIUIBT95gEiFCAU/eYBIhQgFP3mAf3mAf3lAf0LBBAgAyAD/QAEICIUIBQgE/1D/U8gFP3gASA//eoBIhQgFCAUIBQgFCAUIBQgFCAUIED95gEgN/3kAf3mASA4/eQB/eYBIDn95AH95gEgOv3kAf3mASA7/eQB/eYBIDz95AH95gEgPf3kAf3mASA+/eQBIhQgFP3mASIUIBT95gEiFCAU/eYB/eYB/eUB/QsEICADIAP9AAQwIhQgFCAT/UP9TyAU/eABID/96gEiFCAUIBQgFCAUIBQgFCAUIBQgQP3mASA3/eQB/eYBIDj95AH95gEgOf3kAf3mASA6/eQB/eYBIDv95AH95gEgPP3kAf3mASA9/eQB/eYBID795AEiFCAU/eYBIhQgFP3mASIUIBT95gH95gH95QH9CwQwIA1BBGoiDSAFKAIYIAUoAhRsIAUoAiBsQQRtSA0ADAULCyAFKAIYIAUoAhRsIAUoAiBsQQRIDQMgBSgCKCEMQQAhAwNAIAwgA0EEdGoiDSAN/QAEACIUIBT9DAAAAAAAAAAAAAAAAAAAAAD9Q/1P/QsEACADQQFqIgMgBSgCGCAFKAIUbCAFKAIgbEEEbUgNAAwECwsgBSgCGCILIAUoAhQiB2xBAUgNAiAFKAIwIQYgBSgCLCEIIAUoAiAhDCAFKAIoIQNBACEKA0BBACENAkAgDEEDTA0AA0AgAyAD/QAEACAIIA1BBHQiDGr9AAQA/eYBIAYgDGr9AAQA/eQB/QsEACADQRBqIQMgDUEBaiINIAUoAiAiDEEEbUgNAAsgBSgCGCELIAUoAhQhBwsgCkEBaiIKIAcgC2xIDQAMAwsLIAUoAiAiA0EBSA0BIAUoAhggBSgCFGwiKkF/aiEaIAUoAiwhKUEAISsDQCADICtrISJBACEXAkAgKkEATA0AA0AgBSgCJCIHIBdBBWoiAyAaIAMgGkgbIhYgBSgCGCIKbSIDIAUoAggiC2wgFiADIApsa2ogBSgCECIeIAUoAjhsIglsQQJ0aiEDIAcgF0EEaiINIBogDSAaSBsiGSAKbSINIAtsIBkgDSAKbGtqIAlsQQJ0aiENIAcgF0EDaiIMIBogDCAaSBsiQSAKbSIMIAtsIEEgDCAKbGtqIAlsQQJ0aiEMIAcgF0ECaiIGIBogBiAaSBsiQiAKbSIGIAtsIEIgBiAKbGtqIAlsQQJ0aiEGIAcgF0EBciIIIBogCCAaSBsiNCAKbSIIIAtsIDQgCCAKbGtqIAlsQQJ0aiEIIAUoAiggK0ECdCIjaiIYIAUoAiAiFSAXIBogFyAaSBsiNmxBAnRqIR8gGCAVIBZsQQJ0aiEdIBggFSAZbEECdGohJCAYIBUgQWxBAnRqISAgGCAVIEJsQQJ0aiFCIBggFSA0bEECdGohNCAHIDYgCm0iGCALbCA2IBggCmxraiAJbEECdGohCiAFKAIwICNqIgf9AAQAIUMgBSgCNCEWAkACQCAiQQhIDQAgB/0ABBAhRAJAAkAgFkEBTg0AIEQhRSBDIUYgRCFHIEMhSCBDIUkgRCFKIEMhSyBEIUwgQyFNIEQhTgwBCyAWIB5sIglBfHEhQUEAIRkgCyAWayAebEECdCEVIEQhRSBDIUYgRCFHIEMhSCBDIUkgRCFKIEMhSyBEIUwgQyFNIEQhTiApIQsDQEEEIRj9DAAAAAAAAAAAAAAAAAAAAAAiOyE8IDshPSA7IT4gOyE1IDshMyA7ISwgOyEyIDshMSA7ITAgOyEvIDshLkEAIQcCQCAJQQNMDQADQCAL/QAEcCIUIAP9CQIMIjj95gEgC/0ABFAiEyAD/QkCCCI5/eYBIAv9AAQwIj8gA/0JAgQiOv3mASAL/QAEECJAIAP9CQIAIi395gEgLv3kAf3kAf3kAf3kASEuIAv9AARgIjcgOP3mASAL/QAEQCI4IDn95gEgC/0ABCAiOSA6/eYBIAv9AAQAIjogLf3mASAv/eQB/eQB/eQB/eQBIS8gFCAN/QkCDCIt/eYBIBMgDf0JAggiT/3mASA/IA39CQIEIlD95gEgQCAN/QkCACJR/eYBIDD95AH95AH95AH95AEhMCA3IC395gEgOCBP/eYBIDkgUP3mASA6IFH95gEgMf3kAf3kAf3kAf3kASExIBQgDP0JAgwiLf3mASATIAz9CQIIIk/95gEgPyAM/QkCBCJQ/eYBIEAgDP0JAgAiUf3mASAy/eQB/eQB/eQB/eQBITIgNyAt/eYBIDggT/3mASA5IFD95gEgOiBR/eYBICz95AH95AH95AH95AEhLCAUIAb9CQIMIi395gEgEyAG/QkCCCJP/eYBID8gBv0JAgQiUP3mASBAIAb9CQIAIlH95gEgM/3kAf3kAf3kAf3kASEzIDcgLf3mASA4IE/95gEgOSBQ/eYBIDogUf3mASA1/eQB/eQB/eQB/eQBITUgFCAI/QkCDCIt/eYBIBMgCP0JAggiT/3mASA/IAj9CQIEIlD95gEgQCAI/QkCACJR/eYBID795AH95AH95AH95AEhPiA3IC395gEgOCBP/eYBIDkgUP3mASA6IFH95gEgPf3kAf3kAf3kAf3kASE9IBQgCv0JAgwiLf3mASATIAr9CQIIIhT95gEgPyAK/QkCBCIT/eYBIEAgCv0JAgAiP/3mASA8/eQB/eQB/eQB/eQBITwgNyAt/eYBIDggFP3mASA5IBP95gEgOiA//eYBIDv95AH95AH95AH95AEhOyALQYABaiELIANBEGohAyANQRBqIQ0gDEEQaiEMIAZBEGohBiAIQRBqIQggCkEQaiEKIBhBBGoiGCAJTA0ACyBBIQcLAkAgByAJTg0AA0AgC/0ABBAiFCAD/QkCACI//eYBIC795AEhLiAL/QAEACITID/95gEgL/3kASEvIBQgDf0JAgAiP/3mASAw/eQBITAgEyA//eYBIDH95AEhMSAUIAz9CQIAIj/95gEgMv3kASEyIBMgP/3mASAs/eQBISwgFCAG/QkCACI//eYBIDP95AEhMyATID/95gEgNf3kASE1IBQgCP0JAgAiP/3mASA+/eQBIT4gEyA//eYBID395AEhPSAUIAr9CQIAIj/95gEgPP3kASE8IBMgP/3mASA7/eQBITsgA0EEaiEDIA1BBGohDSAMQQRqIQwgBkEEaiEGIAhBBGohCCAKQQRqIQogC0EgaiELIAdBAWoiByAJRw0ACwsgTiAu/eQBIU4gTSAv/eQBIU0gTCAw/eQBIUwgSyAx/eQBIUsgSiAy/eQBIUogSSAs/eQBIUkgRCAz/eQBIUQgQyA1/eQBIUMgRSA+/eQBIUUgRiA9/eQBIUYgRyA8/eQBIUcgSCA7/eQBIUggAyAVaiEDIA0gFWohDSAMIBVqIQwgBiAVaiEGIAggFWohCCAKIBVqIQogGUEBaiIZIBZHDQALCyAfIEf9CwQQIB8gSP0LBAAgNCBF/QsEECA0IEb9CwQAIEIgRP0LBBAgQiBD/QsEACAgIEr9CwQQICAgSf0LBAAgJCBM/QsEECAkIEv9CwQAIB0gTv0LBBAgHSBN/QsEAAwBCwJAAkAgFkEBTg0AIEMhPSBDIT4gQyE1IEMhMyBDISwMAQsgFiAebCIJQXxxIUFBACEZIAsgFmsgHmxBAnQhFSBDIT0gQyE+IEMhNSBDITMgQyEsICkhCwNAQQQhGP0MAAAAAAAAAAAAAAAAAAAAACI3ITggNyE5IDchOiA3ITsgNyE8QQAhBwJAIAlBA0wNAANAIAv9AAQwIhQgA/0JAgz95gEgC/0ABCAiEyAD/QkCCP3mASAL/QAEECI/IAP9CQIE/eYBIAv9AAQAIkAgA/0JAgD95gEgN/3kAf3kAf3kAf3kASE3IBQgDf0JAgz95gEgEyAN/QkCCP3mASA/IA39CQIE/eYBIEAgDf0JAgD95gEgOP3kAf3kAf3kAf3kASE4IBQgDP0JAgz95gEgEyAM/QkCCP3mASA/IAz9CQIE/eYBIEAgDP0JAgD95gEgOf3kAf3kAf3kAf3kASE5IBQgBv0JAgz95gEgEyAG/QkCCP3mASA/IAb9CQIE/eYBIEAgBv0JAgD95gEgOv3kAf3kAf3kAf3kASE6IBQgCP0JAgz95gEgEyAI/QkCCP3mASA/IAj9CQIE/eYBIEAgCP0JAgD95gEgO/3kAf3kAf3kAf3kASE7IBQgCv0JAgz95gEgEyAK/QkCCP3mASA/IAr9CQIE/eYBIEAgCv0JAgD95gEgPP3kAf3kAf3kAf3kASE8IAtBwABqIQsgA0EQaiEDIA1BEGohDSAMQRBqIQwgBkEQaiEGIAhBEGohCCAKQRBqIQogGEEEaiIYIAlMDQALIEEhBwsCQCAHIAlODQADQCAL/QAEACIUIAP9CQIA/eYBIDf95AEhNyAUIA39CQIA/eYBIDj95AEhOCAUIAz9CQIA/eYBIDn95AEhOSAUIAb9CQIA/eYBIDr95AEhOiAUIAj9CQIA/eYBIDv95AEhOyAUIAr9CQIA/eYBIDz95AEhPCADQQRqIQMgDUEEaiENIAxBBGohDCAGQQRqIQYgCEEEaiEIIApBBGohCiALQRBqIQsgB0EBaiIHIAlHDQALCyBDIDf95AEhQyA9IDj95AEhPSA+IDn95AEhPiA1IDr95AEhNSAzIDv95AEhMyAsIDz95AEhLCADIBVqIQMgDSAVaiENIAwgFWohDCAGIBVqIQYgCCAVaiEIIAogFWohCiAZQQFqIhkgFkcNAAsLIB8gLP0LBAAgNCAz/QsEACBCIDX9CwQAICAgPv0LBAAgJCA9/QsEACAdIEP9CwQACyAXQQZqIhcgKkgNAAsgBSgCICEDCyApIAUoAjQiDSANbCAFKAIQbEEDQQIgIkEHSht0QQJ0aiEpICtBCGoiKyADSA0ADAILCyAFKAIIIQogBSgCECELAkAgBSgCFCAFKAIgIgggBSgCGCIHbCIWbCIGQQFIDQAgBSgCKCEMQQAhAwJAIAZBBEkNACAGQfz///8HcSEDQQAhDQNAIAwgDUECdGr9DAAAAAAAAAAAAAAAAAAAAAD9CwIAIA1BBGoiDSADRw0ACyAGIANGDQELA0AgDCADQQJ0akEANgIAIANBAWoiAyAGRw0ACwsgBSgCBCIVQQFIDQAgB0ECdCIDIAhsIAsgCmwiC0ECdGshFyAFKAI8IhkgCGwiDSADQQRqbCAFKAIoIgNqIUEgC0EDcSEHIAtB/P///wdxIQogAyANQQJ0aiEaQQAhCQNAAkAgC0EBSA0AIBogCSAZaiAWbEECdGohDSAFKAIkIgYgCSALbEECdGohDEEAIQhBACEYAkAgC0EESQ0AQQAhA0EAIRggQSAXIAlsaiAGa0EQSQ0AA0AgDSADQQJ0IgZqIAwgBmr9AAIA/QsCACADQQRqIgMgCkcNAAsgCiEYIAsgCkYNAQsgGCEDAkAgB0UNAANAIA0gA0ECdCIGaiAMIAZqKgIAOAIAIANBAWohAyAIQQFqIgggB0cNAAsLIBggC2tBfU8NAANAIA0gA0ECdCIGaiAMIAZqKgIAOAIAIA0gBkEEaiIIaiAMIAhqKgIAOAIAIA0gBkEIaiIIaiAMIAhqKgIAOAIAIA0gBkEMaiIGaiAMIAZqKgIAOAIAIANBBGoiAyALRw0ACwsgCUEBaiIJIBVHDQALCyAFQcAAaiIFQaCIgYAAQQAoAqDsgYAAIgNBBnRqSQ0ACwsgAEGQBmohACACIARqIQIgAUEBSiENIAFBf2ohASANDQALCwtTAQJ/QQAhAUEAQQAoAoCAgYAAQQ9qQXBxIgIgAEECdGoiADYCgICBgAACQAJAIABB//8DakEQdj8AayIAQQFIDQAgAEAAQQBIDQELIAIhAQsgAQvJAQIEewN/IAL9EyEDIAH9EyEEIAD9EyEF/QwAAAAAAQAAAAIAAAADAAAAIQZBACEHA0AgB0ECdCAG/foBIAX95wEgBP3lASAD/ecB/QsEkICBgAAgBv0MBAAAAAQAAAAEAAAABAAAAP2uASEGIAdBBGoiB0GAAkcNAAtBACEHQQBBsOyBgABBD2pBcHEiCDYCgICBgAACQAJAIAhB//8DakEQdj8AayIJQQFIDQAgCUAAQQBIDQELIAghBwtBACAHNgKk7IGAAEEAC5INBwJ/AXsBfwF+Dn8CfQF+AkACQEEAKAKg7IGAACIGQQBMDQAgBiEHDAELQQD9DBwAAAAcAAAAAQAAAAEAAAAiCP0LBJCIgYAAQQAgBkEBaiIHNgKg7IGAACAGQQZ0IgZBoIiBgABqIglBADYCAEEAKQOQiIGAACEKQQBBHDYCkIiBgAAgBkGkiIGAAGogCjcCACAGQayIgYAAakEAKQOYiIGAADcCACAGQdCIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LBAAgBkHEiIGAAGpCADcCACAGQbSIgYAAaiAI/QsCAAJAQQAoAqjsgYAAQY8GSg0AQQBBkAY2AqjsgYAACyAJQZCAgYAANgIsCwJAAkACQAJAIANBAkgNACAFDQELQQAoApyIgYAAIQtBACgCmIiBgAAhCUEAKAKUiIGAACEGQQAoApCIgYAAIQUMAQsgB0HIAUYNASADQX9qIgVBAXYhDEEAIAdBAWo2AqDsgYAAIAdBBnQiB0GgiIGAAGoiDUEBNgIAQQApA5CIgYAAIQpBACAFQQAoApSIgYAAaiIGNgKUiIGAAEEAIAVBACgCkIiBgABqIgU2ApCIgYAAIAdBpIiBgABqIAo3AgAgB0GsiIGAAGpBACkDmIiBgAA3AgAgB0HUiIGAAGpCADcCACAHQcSIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LAgAgB0HAiIGAAGpBACgCnIiBgAAiCzYCACAHQbyIgYAAakEAKAKYiIGAACIJNgIAIAdBuIiBgABqIAY2AgAgB0G0iIGAAGogBTYCAAJAIAYgC2wgBWwiB0EAKAKo7IGAAEwNAEEAIAc2AqjsgYAACyANIAw2AjwLQQBBACgCgICBgABBD2pBcHEiDiACQQNqQXxxIg8gAyADbCIQbCALbCIRIA9qQQJ0aiISNgKAgIGAAEEBIQcgBiADayAEbSETIAUgA2sgBG0hFAJAAkACQCASQf//A2pBEHY/AGsiBkEBSA0AIAZAACEGIA5FDQIgBkEATg0BDAILIA5FDQELAkAgAkEBSA0AIBBBASAQQQFLGyEVQQAhFiAOIQYDQCAWQQhqIRcCQCADRQ0AIBcgDyAXIA9IGyEMQQAhGANAAkAgC0EBSA0AIAAgGEECdGohDUEAIQUDQCAWIQcCQCAPIBZMDQADQEMAAAAAIRkCQCAFIAlODQAgByACTg0AIA0gByAJbCAFaiAQbEECdGoqAgAhGQsgBiAZOAIAIAZBBGohBiAHQQFqIgcgDEgNAAsLIAVBAWoiBSALRw0ACwsgGEEBaiIYIBVHDQALCyAXIRYgFyAPSA0AC0EAIQcCQCAPQQEgD0EBShsiBUEBRg0AIAVBAXEhDSAFQfz///8HcSEMQQAhB0EAIQUDQEMAAAAAIRpDAAAAACEZAkAgAUUNAEMAAAAAIRkgByACTg0AIAEgB0ECdGoqAgAhGQsgBiAZOAIAAkAgAUUNACAHQQFyIgkgAk4NACABIAlBAnRqKgIAIRoLIAYgGjgCBCAHQQJqIQcgBkEIaiEGIAVBAmoiBSAMRw0ACyANRQ0BC0MAAAAAIRkCQCABRQ0AIAcgAk4NACABIAdBAnRqKgIAIRkLIAYgGTgCAAtBACgCoOyBgAAiB0HIAUYNAUEAIAdBAWo2AqDsgYAAQQApA5CIgYAAIQpBACAUQQFqIgU2ApCIgYAAQQAgE0EBaiIJNgKUiIGAAEEAKQOYiIGAACEbQQAgAjYCmIiBgABBACAPNgKciIGAACAHQQZ0IgdBoIiBgABqIgZBAjYCACAHQaSIgYAAaiAKNwIAIAdBrIiBgABqIBs3AgAgB0HciIGAAGpBADYCACAHQdSIgYAAakIANwIAIAdBxIiBgABq/QwAAAAAAAAAAAAAAAAAAAAA/QsCACAHQcCIgYAAaiAPNgIAIAdBvIiBgABqIAI2AgAgB0G4iIGAAGogCTYCACAHQbSIgYAAaiAFNgIAAkAgBSAPbCAJbCIHQQAoAqjsgYAATA0AQQAgBzYCqOyBgAALQQAoAqTsgYAAIQcCQCASIA5rIgVFDQAgByAOIAX8CgAACyAGIAQ2AjggBiADNgI0IAYgByARQQJ0ajYCMCAGIAc2AixBACAHIAVqQQ9qQXBxIgc2AoCAgYAAAkACQCAHQf//A2pBEHY/AGsiBUEBSA0AQQAhBiAFQABBAEgNAQsgByEGC0EAIQdBACAGNgKk7IGAAAsgBw8LAAvyCgoCfwF7AX8BfgZ/AXsEfwF8AX8BfQJAAkBBACgCoOyBgAAiBUEATA0AIAUhBgwBC0EA/QwcAAAAHAAAAAEAAAAEAAAAIgf9CwSQiIGAAEEAIAVBAWoiBjYCoOyBgAAgBUEGdCIFQaCIgYAAaiIIQQA2AgBBACkDkIiBgAAhCUEAQRw2ApCIgYAAIAVBpIiBgABqIAk3AgAgBUGsiIGAAGpBACkDmIiBgAA3AgAgBUHQiIGAAGr9DAAAAAAAAAAAAAAAAAAAAAD9CwQAIAVBxIiBgABqQgA3AgAgBUG0iIGAAGogB/0LAgACQEEAKAKo7IGAAEG/GEoNAEEAQcAYNgKo7IGAAAsgCEGQgIGAADYCLAsCQAJAAkACQCAGQQZ0IgVB4IeBgABqIgooAgBBAkcNACAFQaCIgYAAaiIFQXRqKAIAIgYgBmwgBUFQaigCAGwhCCAFQXBqKAIAIQsgBUFsaigCACEMQQAoApiIgYAAIQ0MAQtBAEEAKAKAgIGAAEEPakFwcSIMQQAoApyIgYAAIg5BA3RqIgU2AoCAgYAAQQEhDwJAAkAgBUH//wNqQRB2PwBrIgVBAUgNACAFQAAhBSAMRQ0DIAVBAEgNA0EAKAKciIGAACEODAELIAxFDQILIAwgDkECdGohC0EBIQhBACEFQQAoApiIgYAAIQ0gDkEBSA0AAkAgDkEESQ0AIA5B/P///wdxIQUgDf0RIRD9DAAAAAABAAAAAgAAAAMAAAAhB0EAIQYDQCAMIAZBAnQiD2ogByAQ/Tn9DAEAAAABAAAAAQAAAAEAAAD9Tv36Af0LBAAgCyAPav0MAAAAAAAAAAAAAAAAAAAAAP0LAgAgB/0MBAAAAAQAAAAEAAAABAAAAP2uASEHIAZBBGoiBiAFRw0ACyAOIAVGDQELA0AgDCAFQQJ0IgZqQwAAgD9DAAAAACAFIA1IGzgCACALIAZqQQA2AgBBASEIIAVBAWoiBSAORw0ACwsCQCANQQFIDQBBACERQQAoApyIgYAAIRIgCEEBSCETA0AgACARQQJ0IhRqKgIAuyAEIAMgFGoqAgC7oJ+jIRUCQCATDQAgDCARQfj///8HcSIFIAhsQQJ0aiARQQdxQQJ0aiEOQQJBAyASIAVrQQhIGyEWQQAhBQNAQQIhDyAOIAUgFnRBAnRqIgYgFSAGKgIAu6K2Ihc4AgAgFyAXk0MAAAAAXA0EIAVBAWoiBSAIRw0ACwsgCyAUaiIFIAUqAgC7IAIgFGoqAgC7oSAVoiABIBRqKgIAu6C2OAIAIBFBAWoiESANRw0ACwsCQAJAIAooAgBBAkcNAEEAKAKk7IGAACEGDAELQQAoAqDsgYAAIgVByAFGDQJBACAFQQFqNgKg7IGAACAFQQZ0IgVBoIiBgABqIgZBAzYCACAFQaSIgYAAakEAKQOQiIGAADcCACAFQayIgYAAakEAKQOYiIGAADcCACAFQdyIgYAAakEANgIAIAVB1IiBgABqQgA3AgAgBUHEiIGAAGr9DAAAAAAAAAAAAAAAAAAAAAD9CwIAIAVBtIiBgABqQQD9AASQiIGAACIH/QsCAAJAIAf9GwEgB/0bA2xBACgCkIiBgABsIgVBACgCqOyBgABMDQBBACAFNgKo7IGAAAtBACgCpOyBgAAhBQJAQQAoAoCAgYAAIAxrIghFDQAgBSAMIAj8CgAACyAGIAU2AiwgBiAFQQAoApyIgYAAQQJ0ajYCMCAFIAhqIQYLQQAhBUEAIAZBD2pBcHEiBjYCgICBgAACQAJAIAZB//8DakEQdj8AayIIQQFIDQAgCEAAQQBIDQELIAYhBQtBACEPQQAgBTYCpOyBgAALIA8PCwALDABBBBCGgICAAEEAC9cDBAF/AXsCfwF+AkACQAJAQQAoAqDsgYAAIgFBAEoNAEEA/QwcAAAAHAAAAAEAAAAEAAAAIgL9CwSQiIGAACABQQZ0IgNBoIiBgABqIgRBADYCAEEAKQOQiIGAACEFQQBBHDYCkIiBgAAgA0GkiIGAAGogBTcCACADQayIgYAAakEAKQOYiIGAADcCACADQdCIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LBAAgA0HEiIGAAGpCADcCACADQbSIgYAAaiAC/QsCAAJAQQAoAqjsgYAAQb8YSg0AQQBBwBg2AqjsgYAACyABQQFqIQEgBEGQgIGAADYCLAwBCyABQcgBRg0BC0EAIAFBAWo2AqDsgYAAIAFBBnQiAUGgiIGAAGogADYCACABQaSIgYAAakEAKQOQiIGAADcCACABQayIgYAAakEAKQOYiIGAADcCACABQdyIgYAAakEANgIAIAFB1IiBgABqQgA3AgAgAUHEiIGAAGr9DAAAAAAAAAAAAAAAAAAAAAD9CwIAIAFBtIiBgABqQQD9AASQiIGAACIC/QsCAAJAIAL9GwEgAv0bA2xBACgCkIiBgABsIgFBACgCqOyBgABMDQBBACABNgKo7IGAAAsPCwALDABBBRCGgICAAEEAC7kEBQF/AXsCfwF+An8CQAJAAkBBACgCoOyBgAAiAkEASg0AQQD9DBwAAAAcAAAAAQAAAAQAAAAiA/0LBJCIgYAAIAJBBnQiBEGgiIGAAGoiBUEANgIAQQApA5CIgYAAIQZBAEEcNgKQiIGAACAEQaSIgYAAaiAGNwIAIARBrIiBgABqQQApA5iIgYAANwIAIARB0IiBgABq/QwAAAAAAAAAAAAAAAAAAAAA/QsEACAEQcSIgYAAakIANwIAIARBtIiBgABqIAP9CwIAAkBBACgCqOyBgABBvxhKDQBBAEHAGDYCqOyBgAALIAJBAWohAiAFQZCAgYAANgIsDAELIAJByAFGDQELQQAgAkEBajYCoOyBgAAgAkEGdCICQaCIgYAAaiIEQQY2AgAgAkGkiIGAAGpBACkDkIiBgAA3AgAgAkGsiIGAAGpBACkDmIiBgAA3AgAgAkHciIGAAGpBADYCACACQcSIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LAgAgAkHAiIGAAGpBACgCnIiBgAAiBzYCACACQbyIgYAAakEAKAKYiIGAADYCAEEAQQAoApSIgYAAIABrIAFtQQFqIgU2ApSIgYAAQQBBACgCkIiBgAAgAGsgAW1BAWoiCDYCkIiBgAAgAkG4iIGAAGogBTYCACACQbSIgYAAaiAINgIAAkAgBSAHbCAIbCICQQAoAqjsgYAATA0AQQAgAjYCqOyBgAALIAQgATYCOCAEIAA2AjRBAA8LAAvHBAQBfwF7An8CfgJAAkACQAJAQQAoAqDsgYAAIgBBAEoNAEEA/QwcAAAAHAAAAAEAAAABAAAAIgH9CwSQiIGAACAAQQZ0IgJBoIiBgABqIgNBADYCAEEAKQOQiIGAACEEQQBBHDYCkIiBgAAgAkGkiIGAAGogBDcCACACQayIgYAAakEAKQOYiIGAADcCACACQdCIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LBAAgAkHEiIGAAGpCADcCACACQbSIgYAAaiAB/QsCAAJAQQAoAqjsgYAAQY8GSg0AQQBBkAY2AqjsgYAACyAAQQFqIQAgA0GQgIGAADYCLEEAKAKYiIGAAEGQBmwiAiEDDAELQQAoApSIgYAAQQAoApCIgYAAbCICQQJIDQEgAEHIAUYNAkEAKAKYiIGAACACbCIDQQNqQXxxIQILQQAgAEEBajYCoOyBgABBACkDkIiBgAAhBEEAQoGAgIAQNwOQiIGAAEEAKQOYiIGAACEFQQAgAzYCmIiBgABBACACNgKciIGAACAAQQZ0IgBBoIiBgABqQQc2AgAgAEGkiIGAAGogBDcCACAAQayIgYAAaiAFNwIAIABB3IiBgABqQQA2AgAgAEHUiIGAAGpCADcCACAAQcSIgYAAav0MAAAAAAAAAAAAAAAAAAAAAP0LAgAgAEHAiIGAAGogAjYCACAAQbyIgYAAaiADNgIAIABBtIiBgABqQoGAgIAQNwIAIAJBACgCqOyBgABMDQBBACACNgKo7IGAAAtBAA8LAAvGCQMPfwJ9An4CQAJAQQAoApiIgYAAIgNBACgCnIiBgAAiBE4NAEEAQQAoAoCAgYAAQQ9qQXBxIgUgBCACbCIGIAJqQQJ0aiIHNgKAgIGAAAJAAkAgB0H//wNqQRB2PwBrIghBAUgNACAIQAAhCCAFRQ0DIAhBAE4NAQwDCyAFRQ0CCwJAIAJBAUgNACAEQfz///8HcSEJIARBA3EhCkEAIQsgBEEBSCEMIARBBEkhDSAFIQQDQAJAIAwNACAAIAsgA2xBAnRqIQ5BACEPQQAhEEEAIQhBACERAkAgDQ0AA0BDAAAAACESQwAAAAAhEwJAIAggA04NACAOIAhBAnRqKgIAIRMLIAQgEzgCAAJAIAhBAXIiECADTg0AIA4gEEECdGoqAgAhEgsgBCASOAIEQwAAAAAhEkMAAAAAIRMCQCAIQQJyIhAgA04NACAOIBBBAnRqKgIAIRMLIAQgEzgCCAJAIAhBA3IiECADTg0AIA4gEEECdGoqAgAhEgsgBCASOAIMIAhBBGohCCAEQRBqIQQgEUEEaiIRIAlHDQALIAghECAKRQ0BCwNAQwAAAAAhEgJAIBAgA04NACAOIBBBAnRqKgIAIRILIAQgEjgCACAQQQFqIRAgBEEEaiEEIA9BAWoiDyAKRw0ACwsgC0EBaiILIAJHDQALIAJBA3EhD0EAIRACQAJAIAJBBE8NAEEAIQgMAQsgAkH8////B3EhDkEAIQhBACEDA0BDAAAAACESQwAAAAAhEwJAIAFFDQAgASAIQQJ0aioCACETCyAEIBM4AgACQCABRQ0AIAEgCEECdGoqAgQhEgsgBCASOAIEQwAAAAAhEkMAAAAAIRMCQCABRQ0AIAEgCEECdGoqAgghEwsgBCATOAIIAkAgAUUNACABIAhBAnRqKgIMIRILIAQgEjgCDCAIQQRqIQggBEEQaiEEIANBBGoiAyAORw0ACyAPRQ0BCwNAAkACQCABDQBDAAAAACESDAELIAEgCEECdGoqAgAhEgsgBCASOAIAIAhBAWohCCAEQQRqIQQgEEEBaiIQIA9HDQALC0EAKAKk7IGAACEAAkAgByAFayIERQ0AIAAgBSAE/AoAAAtBACAAIARqNgKAgIGAACAAIAZBAnRqIQELAkBBACgCoOyBgAAiBEHIAUYNAEEAIARBAWo2AqDsgYAAQQApA5CIgYAAIRRBAEKBgICAEDcDkIiBgABBACkDmIiBgAAhFUEAIAI2ApiIgYAAQQAgAkEDakF8cSIINgKciIGAACAEQQZ0IgRBoIiBgABqIhBBCDYCACAEQaSIgYAAaiAUNwIAIARBrIiBgABqIBU3AgAgBEHciIGAAGpBADYCACAEQdSIgYAAakIANwIAIARBxIiBgABqQgA3AgAgBEHAiIGAAGogCDYCACAEQbyIgYAAaiACNgIAIARBtIiBgABqQoGAgIAQNwIAAkAgCEEAKAKo7IGAAEwNAEEAIAg2AqjsgYAACyAQIAE2AjAgECAANgIsQQBBACgCgICBgABBD2pBcHEiBDYCgICBgAACQAJAIARB//8DakEQdj8AayIQQQFIDQBBACEIIBBAAEEASA0BCyAEIQgLQQAgCDYCpOyBgABBAA8LAAtBAQvrBQMEfwF7An8jgICAgABBEGshAAJAAkACQEEAKAKg7IGAACIBQQZ0IgJB4IeBgABqIgMoAgBBCEcNACADQQk2AgAMAQsgAUHIAUYNASACQaCIgYAAaiIDQQo2AgAgA0EANgI8IANCADcCNCAD/QwAAAAAAAAAAAAAAAAAAAAA/QsCJCADQQD9AASQiIGAAP0LAgQgA0EA/QAEkIiBgAAiBP0LAhQgAUEBaiEBIAT9GwEgBP0bA2xBACgCkIiBgABsIgNBACgCqOyBgABMDQBBACADNgKo7IGAAAsgAUHIAUYNAEEAIAFBAWo2AqDsgYAAIAFBBnQiAUGgiIGAAGpBCzYCACABQaSIgYAAakEAKQOQiIGAADcCACABQayIgYAAakEAKQOYiIGAADcCACABQdyIgYAAakEANgIAIAFB1IiBgABqQgA3AgAgAUHEiIGAAGr9DAAAAAAAAAAAAAAAAAAAAAD9CwIAIAFBtIiBgABqQQD9AASQiIGAACIE/QsCACAE/RsBIAT9GwMiA2xBACgCkIiBgABsIgFBACgCqOyBgAAiAiABIAJKIgIbIgEgA0EBdCIDIAEgA0obIQUCQAJAIAINACABIANODQELQQAgBTYCqOyBgAALQQAhA0EAQQAoAoCAgYAAQQ9qQXBxIgIgBUECdEE8akFAcSIFaiIBNgKAgIGAAAJAAkAgAUH//wNqQRB2PwBrIgZBAUgNACAGQABBAEgNAQsgAiEDC0EAIAEgBWoiBTYCgICBgAAgACADNgIIQQEhBgJAAkAgBUH//wNqQRB2PwBrIgVBAUgNACAFQABBAEgNAQsgACABNgIMIAJFDQAgA0UNAEEAIQZBACgCoOyBgAAiAkEBSA0AQaCIgYAAIQEgAkEGdEGgiIGAAGohBUEAIQIDQCABIAM2AiQgASAAQQhqIAIgASgCAEF6akF9SXMiAkECdGooAgAiAzYCKCABQcAAaiIBIAVJDQALCyAGDwsACw=="), (c) => c.charCodeAt(0)));

// src/safetensors.ts
var MAX_FILE_BYTES = 16 << 20;
var MAX_HEADER_BYTES = 1 << 20;
var WeightsRefused = class extends Error {
  /** @param passing it may mend by itself, so the same offer is looked at again. */
  constructor(reason, passing = false) {
    super(reason);
    this.passing = passing;
  }
  passing;
};
function show(value) {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 79)}…` : text;
}
function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
function readSafetensors(bytes) {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, at most ${MAX_FILE_BYTES} are allowed`);
  }
  const { header, body } = split(bytes);
  const metadata = header.get("__metadata__");
  if (!isObject(metadata)) throw new WeightsRefused("its header has no __metadata__ object");
  header.delete("__metadata__");
  const places = [...header].map(([name, entry]) => place(name, entry, body.length));
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let used = 0;
  for (const { name, begin, end } of places) {
    if (begin !== used) {
      throw new WeightsRefused(
        `tensor ${show(name)} begins at byte ${begin}, but the one before ends at ${used}: tensors overlap or leave a gap`
      );
    }
    used = end;
  }
  if (used !== body.length) {
    throw new WeightsRefused(`${body.length - used} bytes at its end belong to no tensor`);
  }
  const tensors = new Map(places.map((p) => [p.name, { shape: p.shape, data: numbers(p, body) }]));
  return { metadata: new Map(Object.entries(metadata)), tensors };
}
function split(bytes) {
  if (bytes.length < 8) {
    throw new WeightsRefused(`it has ${bytes.length} bytes, too few for a safetensors header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8))) {
    throw new WeightsRefused(
      `its header should have ${length} bytes, but ${bytes.length - 8} follow the length and at most ${MAX_HEADER_BYTES} are allowed: truncated, or not a safetensors file`
    );
  }
  const start = 8 + Number(length);
  let header;
  try {
    const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    header = JSON.parse(utf8.decode(bytes.subarray(8, start)));
  } catch {
    throw new WeightsRefused("its header is not JSON in UTF-8");
  }
  if (!isObject(header)) throw new WeightsRefused("its header is not a JSON object");
  return { header: new Map(Object.entries(header)), body: bytes.subarray(start) };
}
function place(name, entry, available) {
  const where = `tensor ${show(name)}`;
  if (!isObject(entry)) throw new WeightsRefused(`${where} is described by ${show(entry)}`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== "F32" && dtype !== "F16") {
    throw new WeightsRefused(`${where} has dtype ${show(dtype)}, only F32 and F16 are read`);
  }
  if (!isCounts(shape) || shape.length > 8) {
    throw new WeightsRefused(`${where} has shape ${show(shape)}`);
  }
  if (!isCounts(offsets) || offsets.length !== 2) {
    throw new WeightsRefused(`${where} has data_offsets ${show(offsets)}, not [begin, end]`);
  }
  const [begin, end] = offsets;
  if (begin > end || end > available) {
    throw new WeightsRefused(
      `${where} lies at bytes ${begin} to ${end}, outside the ${available} bytes of numbers`
    );
  }
  const size2 = shape.reduce((product, n) => product * n, dtype === "F32" ? 4 : 2);
  if (size2 !== end - begin) {
    throw new WeightsRefused(
      `${where} of shape ${show(shape)} and ${dtype} needs ${size2} bytes, it has ${end - begin}`
    );
  }
  return { name, dtype, shape, begin, end };
}
function isCounts(value) {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0);
}
function numbers({ name, dtype, begin, end }, body) {
  const own = body.slice(begin, end).buffer;
  const data = dtype === "F32" ? new Float32Array(own) : new Float32Array(new Float16Array(own));
  const bad = indexOfNotFinite(data);
  if (bad >= 0) {
    throw new WeightsRefused(`tensor ${show(name)} holds ${data[bad]} at index ${bad}`);
  }
  return data;
}
function indexOfNotFinite(data) {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return i;
  return -1;
}

// src/pack.ts
var NO_MEMORY = 1;
var NOT_FINITE = 2;
function pack({ layers, scale, mean, std }, kernel) {
  const put = (tensor) => {
    if (!tensor) return 0;
    const address = allocate(kernel, tensor.data.length);
    new Float32Array(kernel.memory.buffer, address, tensor.data.length).set(tensor.data);
    return address;
  };
  check(kernel.begin(scale, mean, std));
  for (const { layer } of layers) {
    switch (layer.op) {
      case "conv2d": {
        const { weight, bias, stride, same } = layer;
        const [outputs, , size2] = weight.shape;
        check(kernel.conv2d(put(weight), put(bias), outputs, size2, stride, Number(same)));
        break;
      }
      case "batchnorm2d": {
        const { weight, bias, mean: mean2, var: variance, eps } = layer;
        check(kernel.batchnorm2d(put(weight), put(bias), put(mean2), put(variance), eps));
        break;
      }
      case "maxpool2d":
        check(kernel.maxpool2d(layer.size, layer.stride));
        break;
      case "linear":
        check(kernel.linear(put(layer.weight), put(layer.bias), layer.weight.shape[0]));
        break;
      default:
        check(kernel[layer.op]());
    }
  }
  check(kernel.finish());
}
function allocate(kernel, floats) {
  const address = kernel.room(floats);
  if (address === 0) check(NO_MEMORY);
  return address;
}
function check(result) {
  if (result === NO_MEMORY) {
    throw new WeightsRefused("packed it needs more than 32 MiB: use fewer or smaller layers");
  }
  if (result === NOT_FINITE) {
    throw new WeightsRefused("a weight overflows float32 once batch norm is folded into it");
  }
}

// src/kernel.ts
var PIXELS = 784;
var CHUNK = 64;
var Kernel = class {
  exports;
  labels;
  images;
  probabilities;
  /** @throws WeightsRefused when the packed network is too large or gives no finite answer. */
  constructor(weights) {
    this.exports = new WebAssembly.Instance(kernel_default).exports;
    this.labels = weights.labels.length;
    pack(weights, this.exports);
    this.images = allocate(this.exports, CHUNK * PIXELS / 4);
    this.probabilities = allocate(this.exports, CHUNK * this.labels);
    const ramp = Uint8Array.from({ length: 2 * PIXELS }, (_, i) => i < PIXELS ? 0 : i % 256);
    if (!this.classify(ramp).every(Number.isFinite)) {
      throw new WeightsRefused("it gives no finite probabilities: its numbers overflow float32");
    }
  }
  /** Bytes of memory that it holds. */
  get size() {
    return this.exports.memory.buffer.byteLength;
  }
  /** uint8 N x 784 -> float32 N x labels. */
  classify(images) {
    const { memory, classify } = this.exports;
    const total = images.length / PIXELS;
    const answer = new Float32Array(total * this.labels);
    for (let i = 0; i < total; i += CHUNK) {
      const n = Math.min(CHUNK, total - i);
      const chunk = images.subarray(i * PIXELS, (i + n) * PIXELS);
      new Uint8Array(memory.buffer, this.images, chunk.length).set(chunk);
      classify(this.images, n, this.probabilities);
      const values = new Float32Array(memory.buffer, this.probabilities, n * this.labels);
      answer.set(values, i * this.labels);
    }
    return answer;
  }
};

// src/weights.ts
var FORMAT = "mnist-nb.network/1";
var MAX_LAYERS = 64;
var MAX_LABELS = 1e3;
var MAX_ACTIVATION = 1 << 20;
var MAX_MULTIPLY_ADDS = 25e7;
function readWeights(bytes) {
  const { metadata, tensors } = readSafetensors(bytes);
  if (metadata.get("format") !== FORMAT) {
    throw new WeightsRefused(`its format is ${show(metadata.get("format"))}, not "${FORMAT}"`);
  }
  const network = new Fields(parse(metadata.get("network")), "the network");
  const input = new Fields(network.get("input"), "input");
  if (show(input.get("shape")) !== "[1,28,28]") {
    throw new WeightsRefused(`input shape is ${show(input.get("shape"))}, not [1,28,28]`);
  }
  const labels = network.get("labels");
  if (!Array.isArray(labels) || !(labels.length >= 2 && labels.length <= MAX_LABELS) || !labels.every((label) => typeof label === "string")) {
    throw new WeightsRefused(`labels are ${show(labels)}, not 2 to ${MAX_LABELS} texts`);
  }
  const described = network.get("layers");
  if (!Array.isArray(described) || !(described.length >= 1 && described.length <= MAX_LAYERS)) {
    throw new WeightsRefused(`layers are ${show(described)}, not a list of 1 to ${MAX_LAYERS}`);
  }
  const layers = [];
  let shape = { c: 1, h: 28, w: 28, flat: false };
  let work = 0;
  for (const [index, entry] of described.entries()) {
    const fields = new Fields(entry, `layer ${index}`);
    const layer = readLayer(fields, tensors);
    const after = shapeAfter(layer, shape, fields.where);
    layers.push({ layer, before: shape, after });
    work += multiplyAdds(layer, after);
    shape = after;
  }
  if (work > MAX_MULTIPLY_ADDS) {
    throw new WeightsRefused(
      `it takes ${work} multiply-adds an image, at most ${MAX_MULTIPLY_ADDS} are allowed`
    );
  }
  if (!shape.flat || shape.c !== labels.length) {
    throw new WeightsRefused(`its last layer gives ${size(shape)} for ${labels.length} labels`);
  }
  network.notes("training");
  return {
    name: network.text("name"),
    scale: input.number("scale", { above: 0 }),
    mean: input.number("mean"),
    std: input.number("std", { above: 0 }),
    labels,
    layers,
    described,
    parameters: countParameters(layers),
    notSureBelow: notSureBelow(network)
  };
}
function notSureBelow(network) {
  const value = network.notes("metrics").get("not_sure_below");
  return typeof value === "number" && value >= 0 && value <= 1 ? value : null;
}
function parse(text) {
  if (typeof text !== "string") throw new WeightsRefused("its metadata has no text `network`");
  try {
    return JSON.parse(text);
  } catch {
    throw new WeightsRefused("`network` in its metadata is not JSON");
  }
}
function readLayer(fields, tensors) {
  const op = fields.text("op");
  const tensor = (name) => {
    const found = tensors.get(name);
    if (found) return found;
    throw new WeightsRefused(`${fields.where}: tensor ${show(name)} is not in the file`);
  };
  const bias = () => (fields.get("bias") ?? null) === null ? null : tensor(fields.text("bias"));
  switch (op) {
    case "conv2d": {
      fields.only("op", "weight", "bias", "stride", "padding");
      const padding = fields.get("padding") ?? "valid";
      if (padding !== "valid" && padding !== "same") {
        throw new WeightsRefused(`${fields.where}: padding is ${show(padding)}, not valid or same`);
      }
      const weight = tensor(fields.text("weight"));
      const same = padding === "same";
      return { op, weight, bias: bias(), stride: fields.count("stride", 1), same };
    }
    case "batchnorm2d": {
      fields.only("op", "prefix", "eps");
      const of = (name) => tensor(`${fields.text("prefix")}.${name}`);
      const eps = fields.number("eps", { fallback: 1e-5, above: 0 });
      const [mean, variance] = [of("running_mean"), of("running_var")];
      const below = variance.data.find((x) => x < 0);
      if (below !== void 0) {
        throw new WeightsRefused(`${fields.where}: a running variance is ${below}, below 0`);
      }
      return { op, weight: of("weight"), bias: of("bias"), mean, var: variance, eps };
    }
    case "maxpool2d": {
      fields.only("op", "size", "stride");
      const size2 = fields.count("size");
      return { op, size: size2, stride: fields.count("stride", size2) };
    }
    case "linear":
      fields.only("op", "weight", "bias");
      return { op, weight: tensor(fields.text("weight")), bias: bias() };
    case "relu":
    case "gelu":
    case "flatten":
      fields.only("op");
      return { op };
    default:
      throw new WeightsRefused(
        `${fields.where}: op ${show(op)} is unknown; known are conv2d, batchnorm2d, relu, gelu, maxpool2d, flatten, linear`
      );
  }
}
function shapeAfter(layer, shape, where) {
  const need = (tensor, expected, what) => {
    if (tensor && tensor.shape.join() !== expected.join()) {
      const found = show(tensor.shape);
      throw new WeightsRefused(`${where}: ${what} has shape ${found}, not ${show(expected)}`);
    }
  };
  if (layer.op === "relu" || layer.op === "gelu") return shape;
  if (layer.op === "flatten") return { c: shape.c * shape.h * shape.w, h: 1, w: 1, flat: true };
  if (layer.op === "linear") {
    if (!shape.flat) throw new WeightsRefused(`${where}: linear needs a flatten before it`);
    const out2 = layer.weight.shape[0] || 1;
    need(layer.weight, [out2, shape.c], "weight");
    need(layer.bias, [out2], "bias");
    return { c: out2, h: 1, w: 1, flat: true };
  }
  if (shape.flat) throw new WeightsRefused(`${where}: ${layer.op} cannot follow a flatten`);
  if (layer.op === "batchnorm2d") {
    for (const part of ["weight", "bias", "mean", "var"]) {
      need(layer[part], [shape.c], part);
    }
    return shape;
  }
  const [k, out] = layer.op === "conv2d" ? [layer.weight.shape[2] || 1, layer.weight.shape[0] || 1] : [layer.size, shape.c];
  if (layer.op === "conv2d") {
    need(layer.weight, [out, shape.c, k, k], "weight");
    need(layer.bias, [out], "bias");
  }
  const border = layer.op === "conv2d" && layer.same ? k - 1 : 0;
  const [rows, columns] = [shape.h + border, shape.w + border];
  if (k > rows || k > columns) {
    throw new WeightsRefused(`${where}: a window of ${k} is larger than the input ${size(shape)}`);
  }
  const along = (length) => Math.floor((length - k) / layer.stride) + 1;
  const after = { c: out, h: along(rows), w: along(columns), flat: false };
  const largest = Math.max(rows * columns * shape.c, after.h * after.w * out);
  if (largest > MAX_ACTIVATION) {
    throw new WeightsRefused(
      `${where} needs ${largest} numbers an image, at most ${MAX_ACTIVATION} are allowed`
    );
  }
  return after;
}
function size(shape) {
  return shape.flat ? `${shape.c} values` : `${shape.c}x${shape.h}x${shape.w}`;
}
function multiplyAdds(layer, after) {
  return "weight" in layer ? layer.weight.data.length * after.h * after.w : 0;
}
function countParameters(layers) {
  const trained = /* @__PURE__ */ new Set();
  for (const { layer } of layers) {
    if (!("weight" in layer)) continue;
    trained.add(layer.weight);
    if (layer.bias) trained.add(layer.bias);
  }
  return [...trained].reduce((sum, tensor) => sum + tensor.data.length, 0);
}
var Fields = class _Fields {
  constructor(value, where) {
    this.where = where;
    if (!isObject(value)) throw new WeightsRefused(`${where} is ${show(value)}, not an object`);
    this.entries = new Map(Object.entries(value));
  }
  where;
  entries;
  get(name) {
    return this.entries.get(name);
  }
  /** An object that may be missing. */
  notes(name) {
    return new _Fields(this.entries.has(name) ? this.get(name) : {}, name);
  }
  text(name) {
    const value = this.get(name);
    if (typeof value !== "string" || value.length > 200 || !value.isWellFormed()) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a short text`);
    }
    return value;
  }
  number(name, { fallback, above } = {}) {
    const value = this.get(name) ?? fallback;
    if (typeof value !== "number" || !(Math.abs(value) < 1e30)) {
      throw new WeightsRefused(`${this.where}: ${name} is ${show(value)}, not a finite number`);
    }
    if (above !== void 0 && value <= above) {
      throw new WeightsRefused(`${this.where}: ${name} is ${value}, not above ${above}`);
    }
    return value;
  }
  /** A whole number 1 to 28, as strides and window sizes are. */
  count(name, fallback) {
    const value = this.get(name) ?? fallback;
    if (!Number.isInteger(value) || value < 1 || value > 28) {
      throw new WeightsRefused(
        `${this.where}: ${name} is ${show(value)}, not a whole number 1 to 28`
      );
    }
    return value;
  }
  /** Refuses other fields: a `groups` that is overlooked would give wrong answers in silence. */
  only(...names) {
    for (const name of this.entries.keys()) {
      if (!names.includes(name)) {
        throw new WeightsRefused(`${this.where}: field ${show(name)} is unknown`);
      }
    }
  }
};
export {
  Kernel,
  WeightsRefused,
  readWeights
};
