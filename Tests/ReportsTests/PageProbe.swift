import Foundation
import Testing

@testable import ReportSupport

/// A page with added scripts that watch for errors, use its controls, and leave the findings on its root
/// element.
struct PageProbe: Decodable {
  /// The content of one canvas.
  struct Canvas: Decodable {
    var label: String
    var width: Double
    /// The share of pixels that are drawn on.
    var ink: Double
    /// The number of points of all series.
    var points: Int
  }

  /// The messages of errors, of the console and of the content policy.
  var problems: [String]
  var canvases: [Canvas]
  var title: String
  /// The colour behind a section in CSS notation.
  var paper: String
  /// The width by which the page exceeds the window.
  var overflow: Double
  /// For each clicked table head: true if its column was in order after each of two clicks.
  var sorted: [Bool]
  /// The number of rows that the filter leaves for the first student's name and for a nonsense word.
  var filtered: [Int]
  /// The window's width, which the browser may have made larger than requested.
  var window: Double
  /// The names in each select for a single row's details.
  var rows: [String]
  /// The number of labels seen in pictures; the faults are labels that overlap or leave the plot.
  var labels: Int
  var labelFaults: [String]
  var pictures: Int
  var brokenPictures: Int
  var notes: [String]

  /// Opens a page in the browser and reads the findings.
  static func look(at html: String, width: Int = 1280, scheme: Browser.Scheme = .light) throws -> PageProbe {
    let directory = try RunDirectory()
    let head = try #require(html.range(of: "<head>")).upperBound
    let watched = html[..<head] + "<script>\(watcher)</script>" + html[head...] + "<script>\(probe)</script>"
    try directory.write(Data(watched.utf8), to: "page.html")
    let elements = try Browser.elements(of: directory.path + "/page.html", width: width, scheme: scheme)
    let match = try #require(
      elements.firstMatch(of: /data-probe="([A-Za-z0-9+\/=]*)"/), "the page left no probe")
    return try JSONDecoder().decode(
      PageProbe.self, from: try #require(Data(base64Encoded: String(match.1))))
  }

  private static let watcher = """
    window.problems = [];
    addEventListener('error', event => problems.push(String(event.message)));
    addEventListener('unhandledrejection', event => problems.push(String(event.reason)));
    addEventListener('securitypolicyviolation', event => problems.push('policy: ' + event.blockedURI));
    for (const kind of ['error', 'warn']) console[kind] = (...words) => problems.push(words.join(' '));
    """

  private static let probe = """
    function press(selector) { document.querySelectorAll(selector).forEach(found => found.click()); }
    function choose(select, index) { select.value = String(index); select.dispatchEvent(new Event('change')); }
    function isSorted(head) {
      const descending = head.getAttribute('aria-sort') === 'descending';
      const keys = [...document.querySelectorAll('#ranking tbody')].map(group => group.rows[0].cells[head.cellIndex].dataset.sort);
      const known = keys.filter(key => key !== '');
      if (keys.slice(0, known.length).includes('')) return false;
      return known.every((key, index) => {
        if (index === 0) return true;
        const order = head.classList.contains('number') ? known[index - 1] - key : known[index - 1].localeCompare(key);
        return descending ? order >= 0 : order <= 0;
      });
    }
    // What the browser's own font makes of the labels: their boxes, in units of the picture.
    function lookAtLabels() {
      const faults = [];
      let labels = 0;
      for (const part of document.querySelectorAll('.pictures-of')) part.hidden = false;
      for (const picture of document.querySelectorAll('.picture')) {
        if (getComputedStyle(picture).display === 'none') continue;
        const edge = picture.querySelector('.axis').getBBox();
        const found = [...picture.querySelectorAll('.label')].map(label => [label.textContent, label.getBBox()]);
        labels += found.length;
        found.forEach(([words, box], index) => {
          if (box.x < edge.x || box.y < edge.y - 2 || box.x + box.width > edge.x + edge.width
            || box.y + box.height > edge.y + edge.height + 2) faults.push('over the edge: ' + words);
          for (const [other, space] of found.slice(index + 1)) {
            // A line of text has room above and below its letters.
            if (box.x < space.x + space.width && space.x < box.x + box.width && box.y + 2 < space.y + space.height
              && space.y + 2 < box.y + box.height) faults.push(words + ' lies on ' + other);
          }
        });
        const view = picture.viewBox.baseVal;
        for (const text of picture.querySelectorAll('text')) {
          const box = text.getBBox();
          if (box.x < 0 || box.x + box.width > view.width || box.y < 0 || box.y + box.height > view.height) {
            faults.push('cut off: ' + text.textContent);
          }
        }
      }
      return { labels, labelFaults: faults };
    }
    function look() {
      const seenLabels = lookAtLabels();
      const sorted = [...document.querySelectorAll('#ranking thead th')].flatMap(head => [0, 1].map(() => {
        head.querySelector('button').click();
        return isSorted(head);
      }));
      const search = document.querySelector('#ranking input[type=search]');
      const filtered = ['small-distilled-int4', 'no such word'].map(words => {
        search.value = words;
        search.dispatchEvent(new Event('input'));
        return [...document.querySelectorAll('#ranking tbody')].filter(group => !group.hidden).length;
      });
      search.value = '';
      search.dispatchEvent(new Event('input'));
      press('#curves .keys input');
      press('#tradeoffs .tabs button');
      for (const select of document.querySelectorAll('select')) {
        for (let index = 0; index < select.options.length; index += 1) choose(select, index);
        choose(select, 0);
      }
      const row = document.querySelector('#student select');
      const rows = row ? [...row.options].map(option => option.textContent) : [];
      const canvases = [...document.querySelectorAll('canvas')].map(canvas => {
        const chart = hasCharts ? Chart.getChart(canvas) : null;
        const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
        let ink = 0;
        for (let index = 3; index < pixels.length; index += 4) if (pixels[index] > 0) ink += 1;
        return { label: canvas.getAttribute('aria-label'), width: chart ? chart.width : 0, ink: ink / (pixels.length / 4),
          points: chart ? chart.data.datasets.reduce((sum, series) => sum + series.data.length, 0) : 0 };
      });
      const pictures = [...document.querySelectorAll('.pictures img')];
      for (const picture of pictures) picture.loading = 'eager';
      return Promise.allSettled(pictures.map(picture => picture.decode())).then(() => ({
        ...seenLabels, problems, canvases, title: document.title, window: innerWidth, sorted, filtered, rows,
        paper: getComputedStyle(document.querySelector('section')).backgroundColor,
        overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        pictures: pictures.length, brokenPictures: pictures.filter(picture => !picture.naturalWidth).length,
        notes: [...document.querySelectorAll('main section .note')].map(note => note.textContent),
      }));
    }
    look().catch(error => ({ problems: problems.concat(String(error)), canvases: [], title: '', window: 0, sorted: [], filtered: [],
      rows: [], labels: 0, labelFaults: [], paper: '', overflow: 0, pictures: 0, brokenPictures: 0, notes: [] })).then(seen => {
      const bytes = new TextEncoder().encode(JSON.stringify(seen));
      document.documentElement.dataset.probe = btoa(Array.from(bytes, byte => String.fromCharCode(byte)).join(''));
    });
    """
}
