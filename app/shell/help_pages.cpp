#include "app/shell/help_pages.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFile>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSysInfo>
#include <QTextBrowser>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

namespace lvr {
namespace {

QString facts(const QStringList& libraries) {
    QStringList lines{
        QObject::tr("LVR Workbench %1").arg(QCoreApplication::applicationVersion()),
        QObject::tr("Qt %1, display %2").arg(qVersion(), QGuiApplication::platformName())};
    lines += libraries;
    lines << QSysInfo::prettyProductName() + ", " + QSysInfo::currentCpuArchitecture();
    lines << QObject::tr("Settings: %1").arg(QSettings().fileName());
    return lines.join('\n');
}

// Pictures stay outside of the program.
QString withoutPictures(QString markdown) {
    static const QRegularExpression picture("!\\[([^\\]]*)\\]\\([^)]*\\)");
    return markdown.remove(picture);
}

enum LogColumn { When, What };

QString whenSaid(const MessageLog::Entry& entry) {
    const QLocale locale;
    const QString time = locale.toString(entry.when.time(), "HH:mm:ss");
    return entry.when.date() == QDate::currentDate()
               ? time
               : locale.toString(entry.when.date(), QLocale::ShortFormat) + ' ' + time;
}

QString textOf(const MessageLog::Entry& entry) {
    return entry.times == 1 ? entry.sentence
                            : QObject::tr("%1 (%2 times)").arg(entry.sentence).arg(entry.times);
}

constexpr int kTourWidth = 340;
constexpr int kGap = 10;

// Lies over the window and lets everything through.
class Mark : public QWidget {
public:
    explicit Mark(QWidget* window) : QWidget(window) {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        hide();
    }

protected:
    void paintEvent(QPaintEvent*) override {
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(palette().highlight().color(), 3));
        painter.drawRoundedRect(rect().adjusted(2, 2, -2, -2), 5, 5);
    }
};

QRect within(QRect rect, const QRect& window) {
    rect.moveLeft(std::clamp(rect.left(), window.left() + kGap,
                             std::max(window.left() + kGap, window.right() - rect.width() - kGap)));
    rect.moveTop(std::clamp(rect.top(), window.top() + kGap,
                            std::max(window.top() + kGap, window.bottom() - rect.height() - kGap)));
    return rect;
}

// Beside the target where there is room: below, left, right, above; else in its middle.
QRect beside(const QRect& target, const QSize& size, const QRect& window) {
    QRect middle(QPoint(), size);
    middle.moveCenter(target.center());
    const auto below = QRect(QPoint(middle.left(), target.bottom() + kGap), size);
    const auto left = QRect(QPoint(target.left() - kGap - size.width(), middle.top()), size);
    const auto right = QRect(QPoint(target.right() + kGap, middle.top()), size);
    const auto above = QRect(QPoint(middle.left(), target.top() - kGap - size.height()), size);
    for (const QRect& place : {below, left, right, above})
        if (const QRect moved = within(place, window); !moved.intersects(target)) return moved;
    return within(middle, window);
}

}  // namespace

AboutDialog::AboutDialog(const QStringList& libraries, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("About LVR Workbench"));
    const QString text = facts(libraries);
    auto* label = new QLabel(text, this);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label->setAccessibleName(tr("Versions"));
    auto* licence = new QLabel(
        tr("Ask a picture, see what each latent step looks at, and train models that think in "
           "pictures.\n\nFree software under the GNU General Public License, version 3 or later; "
           "it comes without any warranty."),
        this);
    licence->setWordWrap(true);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    auto* copy = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    copy->setToolTip(tr("Copy the versions, for a bug report"));
    auto* read = buttons->addButton(tr("&Licence"), QDialogButtonBox::ActionRole);
    connect(copy, &QPushButton::clicked, this,
            [text] { QApplication::clipboard()->setText(text); });
    connect(read, &QPushButton::clicked, this, [this] {
        auto* page = new TextPage(tr("Licence"), ":/texts/LICENSE", this);
        page->setAttribute(Qt::WA_DeleteOnClose);
        page->show();
    });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(licence);
    column->addSpacing(6);
    column->addWidget(label);
    column->addSpacing(6);
    column->addWidget(buttons);
    setMinimumWidth(460);
}

TextPage::TextPage(const QString& title, const QString& resource, QWidget* parent)
    : QDialog(parent) {
    setWindowTitle(title);
    resize(820, 640);
    auto* page = new QTextBrowser(this);
    page->setAccessibleName(title);
    page->setOpenExternalLinks(true);
    QFile file(resource);
    file.open(QIODevice::ReadOnly);
    const QString text = QString::fromUtf8(file.readAll());
    if (resource.endsWith(".md")) {
        page->setMarkdown(withoutPictures(text));
    } else {
        page->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
        page->setPlainText(text);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(page, 1);
    column->addWidget(buttons);
}

void MessageLog::add(bool isError, const QString& sentence) {
    const bool again = !entries_.isEmpty() && entries_.last().sentence == sentence;
    if (again) {
        entries_.last().when = QDateTime::currentDateTime();
        ++entries_.last().times;
    } else {
        entries_.append({QDateTime::currentDateTime(), isError, sentence});
        if (entries_.size() > kMost) entries_.removeFirst();
    }
    Q_EMIT changed();
}

MessagesDialog::MessagesDialog(const MessageLog& log, QWidget* parent)
    : QDialog(parent), list_(new QTreeWidget(this)) {
    setWindowTitle(tr("Messages"));
    resize(720, 420);
    list_->setAccessibleName(tr("Messages of this window, newest first"));
    list_->setHeaderLabels({tr("Time"), tr("Message")});
    list_->setRootIsDecorated(false);
    list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    list_->setWordWrap(true);
    list_->header()->setSectionResizeMode(When, QHeaderView::ResizeToContents);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    copy_ = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    copy_->setToolTip(tr("Copy the selected messages, or all"));
    auto* column = new QVBoxLayout(this);
    column->addWidget(list_, 1);
    column->addWidget(buttons);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(copy_, &QPushButton::clicked, this, &MessagesDialog::copy);
    connect(&log, &MessageLog::changed, this, [this, &log] { fill(log.entries()); });
    fill(log.entries());
}

void MessagesDialog::fill(const QList<MessageLog::Entry>& entries) {
    list_->clear();
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
        auto* item = new QTreeWidgetItem(list_, {whenSaid(*entry), textOf(*entry)});
        item->setToolTip(What, textOf(*entry));
        QFont font = list_->font();
        font.setBold(entry->isError);
        item->setFont(What, font);
    }
    copy_->setEnabled(!entries.isEmpty());
}

void MessagesDialog::copy() const {
    QStringList lines;
    for (int i = 0; i < list_->topLevelItemCount(); ++i) {
        const auto* item = list_->topLevelItem(i);
        if (list_->selectedItems().isEmpty() || item->isSelected())
            lines << item->text(When) + '\t' + item->text(What);
    }
    QApplication::clipboard()->setText(lines.join('\n'));
}

Tour::Tour(QWidget* window)
    : QFrame(window),
      window_(window),
      mark_(new Mark(window)),
      sentence_(new QLabel(this)),
      count_(new QLabel(this)),
      skip_(new QPushButton(tr("&Skip"), this)),
      next_(new QPushButton(this)) {
    build();
    connect(skip_, &QPushButton::clicked, this, &Tour::end);
    connect(next_, &QPushButton::clicked, this, &Tour::next);
    hide();
}

void Tour::build() {
    setObjectName("tour");
    setAccessibleName(tr("Tour"));
    setFrameStyle(QFrame::Box | QFrame::Plain);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::ToolTipBase);
    setForegroundRole(QPalette::ToolTipText);
    sentence_->setWordWrap(true);
    sentence_->setForegroundRole(QPalette::ToolTipText);
    count_->setForegroundRole(QPalette::ToolTipText);
    auto* row = new QHBoxLayout;
    row->addWidget(count_);
    row->addStretch();
    row->addWidget(skip_);
    row->addWidget(next_);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(14, 12, 14, 10);
    column->setSpacing(10);
    column->addWidget(sentence_);
    column->addLayout(row);
}

void Tour::start(const QList<TourStop>& stops) {
    stops_ = stops;
    stop_ = -1;
    window_->installEventFilter(this);
    next();
}

void Tour::next() {
    if (stop_ + 1 >= stops_.size()) return end();
    ++stop_;
    const bool last = stop_ + 1 == stops_.size();
    sentence_->setText(stops_[stop_].sentence);
    setAccessibleDescription(stops_[stop_].sentence);
    next_->setAccessibleDescription(stops_[stop_].sentence);
    count_->setText(tr("%1 of %2").arg(stop_ + 1).arg(stops_.size()));
    next_->setText(last ? tr("&Done") : tr("&Next"));
    skip_->setHidden(last);
    show();
    next_->setFocus(Qt::OtherFocusReason);
}

void Tour::end() {
    if (stop_ < 0) return;
    stop_ = -1;
    const bool hadFocus = isAncestorOf(window_->focusWidget());
    const QPointer<QWidget> last = stops_.isEmpty() ? nullptr : stops_.first().at;
    window_->removeEventFilter(this);
    mark_->hide();
    hide();
    if (hadFocus && last) last->setFocus(Qt::OtherFocusReason);
    Q_EMIT ended();
}

void Tour::show() {
    place();
    raise();
    QFrame::show();
}

void Tour::place() {
    const QWidget* at = stops_[stop_].at;
    const bool seen = at && at->isVisible();
    setFixedWidth(std::min(kTourWidth, window_->width() - 2 * kGap));
    const QSize size(width(), std::max(heightForWidth(width()), sizeHint().height()));
    QRect target(window_->rect().center(), QSize(1, 1));
    if (seen) target = QRect(at->mapTo(window_, QPoint()), at->size());
    mark_->setGeometry(target.adjusted(-3, -3, 3, 3));
    mark_->setVisible(seen);
    mark_->raise();
    setGeometry(beside(target, size, window_->rect()));
}

bool Tour::eventFilter(QObject*, QEvent* event) {
    const auto type = event->type();
    if (stop_ >= 0 && (type == QEvent::Resize || type == QEvent::LayoutRequest)) {
        place();
        raise();
    }
    return false;
}

// Escape is the window's shortcut for something else.
bool Tour::event(QEvent* event) {
    if (event->type() == QEvent::ShortcutOverride &&
        static_cast<QKeyEvent*>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    return QFrame::event(event);
}

void Tour::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) return end();
    QFrame::keyPressEvent(event);
}

}  // namespace lvr
