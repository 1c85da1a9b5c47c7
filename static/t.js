// The page script, /t.js. It keeps the click id of the address (?trb=) in a first-party cookie of
// the shop, hands it to forms and carts, and reports orders. docs/guides/page-script.md says how a
// shop uses it. It makes no element but hidden fields and evaluates no text, so that it runs under
// a strict Content-Security-Policy. core/page_script.py takes comments and indentation away, and
// packs it: what a browser loads has less than 2 KB.
((win, doc, here) => {
  const script = doc.currentScript || doc.querySelector('script[src$="/t.js"]')
  const set = script.dataset
  const inAddress = address => (/[?&]trb=([\w-]{48})(?![\w-])/.exec(address) || [])[1]
  const inCookies = name => (RegExp('(?:^|; )' + name + '=([^;]*)').exec(doc.cookie) || [])[1]
  // A router may have changed the address since the page was opened.
  const opened = performance.getEntriesByType('navigation')[0]
  const given = inAddress(here.search) || inAddress(opened && opened.name)
  let id = '', isInCookie, observer

  // The widest domain that the browser takes is the shop's registrable one.
  const write = (value, seconds) => {
    const parts = here.hostname.split('.')
    for (let at = parts.length; at-- > -1;) {
      doc.cookie = `trb=${value};path=/;SameSite=Lax;max-age=${seconds}`
        + (at < 0 ? '' : ';domain=' + parts.slice(at).join('.'))
        + (here.protocol == 'https:' ? ';Secure' : '')
      if (value && inCookies('trb') == value) break
    }
  }
  // In a browser that keeps no cookies this may be forbidden too.
  const session = (name, value) => {
    try {
      if (value == null) return sessionStorage[name]
      sessionStorage[name] = value
    } catch (e) {}
  }
  // data-trb on a form adds a hidden field of that name, and on a field fills it.
  const fill = () => doc.querySelectorAll('[data-trb]').forEach(one => {
    const name = one.dataset.trb || 'trb'
    let field = one.elements ? one.elements[name] : one
    if (!field) {
      field = doc.createElement('input')
      field.type = 'hidden'
      field.name = name
      one.append(field)
    }
    if (field.value != id) field.value = id
  })
  // Shopify: a cart attribute, once for each cart.
  const cart = () => {
    const mark = () => id + inCookies('cart')
    if (win.Shopify && session('trb_cart') != mark()) {
      fetch(((Shopify.routes || {}).root || '/') + 'cart/update.js', {
        method: 'POST',
        headers: {'Content-Type': 'application/json'},
        body: JSON.stringify({attributes: {_trb: id}}),
      }).then(() => session('trb_cart', mark()))
    }
  }
  // Without cookies, links within the shop carry the id on.
  const carry = event => {
    const link = event.target.closest('a[href]')
    if (id && !isInCookie && link && link.host == here.host && !inAddress(link.search)) {
      link.search += (link.search ? '&' : '?') + 'trb=' + id
    }
  }
  const consent = isGiven => {
    if (isGiven === false) {
      write(id = '', 0)
      session('trb', '')
      return fill()
    }
    if (given) write(given, (set.days || 30) * 86400)
    id = given || inCookies('trb') || session('trb') || ''
    isInCookie = inCookies('trb') == id
    if (id && !isInCookie) session('trb', id)
    if (id) {
      fill()
      cart()
    }
    if (id && !observer) {
      observer = new MutationObserver(fill)
      observer.observe(doc, {childList: true, subtree: true})
      doc.addEventListener('click', carry, true)
    }
  }
  const order = sent => {
    sent = {click_id: id, ...sent}
    if (sent.click_id || sent.promo_code || sent.promo_codes) {
      return fetch(script.src.replace(/t\.js.*/, 'api/v1/script/orders?key=' + set.key), {
        method: 'POST', body: JSON.stringify(sent), keepalive: true, credentials: 'omit',
      })
    }
  }
  const waiting = win.trb
  const trb = win.trb = {id: () => id, consent, order, push: call => call(trb)}
  if (!('consent' in set)) consent()
  if (waiting && waiting.forEach) waiting.forEach(trb.push)
})(window, document, location)
