#include "app/shell/recent_files.h"

#include <QAction>
#include <QDir>
#include <QFileInfo>
#include <QMenu>
#include <QSettings>
#include <QWidget>
#include <array>
#include <optional>

#include "widgets/action_tip.h"
#include "widgets/job.h"

namespace lvr {
namespace {

constexpr auto kKey = "recent/files";
constexpr int kLooksAtOnce = 3;  // a place that hangs keeps nobody from another
constexpr std::array kKinds = {"picture", "trace", "dataset", "model"};

QString toText(const RecentFile& file) {
    return QString(kKinds[static_cast<int>(file.kind)]) + ':' + file.path;
}

std::optional<RecentFile> fromText(const QString& text) {
    for (int kind = 0; kind < static_cast<int>(kKinds.size()); ++kind)
        if (const QString start = QString(kKinds[kind]) + ':'; text.startsWith(start))
            return RecentFile{static_cast<RecentKind>(kind), text.mid(start.size())};
    return std::nullopt;
}

// A repo id is no path, and the model cache is asked about it when it is opened.
bool isGone(const RecentFile& file) {
    return QDir::isAbsolutePath(file.path) && !QFileInfo::exists(file.path);
}

QString kindOf(RecentKind kind) {
    switch (kind) {
        case RecentKind::Picture:
            return QObject::tr("picture");
        case RecentKind::Trace:
            return QObject::tr("trace");
        case RecentKind::Dataset:
            return QObject::tr("data");
        case RecentKind::Model:
            return QObject::tr("model");
    }
    return {};
}

// "name — folder", short enough for a menu; the mnemonic is the number.
QString labelOf(const RecentFile& file, int number, bool gone) {
    constexpr int kLongest = 48;
    const QFileInfo info(file.path);
    QString name = file.path, folder;
    if (QDir::isAbsolutePath(file.path)) {
        name = info.fileName();
        folder = QDir::toNativeSeparators(info.path());
        const QString home = QDir::homePath();
        if (home.size() > 1 && folder.startsWith(home)) folder.replace(0, home.size(), "~");
        if (folder.size() > kLongest) folder = "…" + folder.right(kLongest);
    }
    name.replace('&', "&&");
    folder.replace('&', "&&");
    const QString what = gone ? QObject::tr("%1, gone").arg(kindOf(file.kind)) : kindOf(file.kind);
    const QString start = number < 10 ? QString("&%1 %2").arg(number).arg(name) : name;
    return folder.isEmpty() ? QString("%1 (%2)").arg(start, what)
                            : QString("%1 — %2 (%3)").arg(start, folder, what);
}

}  // namespace

RecentFiles::RecentFiles(QWidget* window)
    : QObject(window),
      menu_(new QMenu(tr("Open &recent"), window)),
      looks_(new Job(this, kLooksAtOnce)) {
    makeMenu(window);
    connect(menu_, &QMenu::aboutToShow, this, &RecentFiles::lookForAll);
    show();
}

// The actions stay and change their text, so that the palette may know them by name.
void RecentFiles::makeMenu(QWidget* window) {
    for (int i = 0; i < kMost; ++i) {
        auto* entry = new QAction(window);
        entry->setObjectName(QString("file.recent-%1").arg(i + 1));
        entry->setProperty(kKeepsNoKeys, true);
        connect(entry, &QAction::triggered, this, [this, i] { choose(i); });
        entries_.append(entry);
    }
    menu_->addActions(entries_);
    none_ = menu_->addAction(tr("Nothing was opened yet"));
    none_->setObjectName("file.recent-none");
    none_->setProperty(kKeepsNoKeys, true);
    none_->setEnabled(false);
    menu_->addSeparator();
    clear_ = menu_->addAction(tr("&Clear list"), this, &RecentFiles::clear);
    clear_->setObjectName("file.recent-clear");
}

void RecentFiles::remember() {
    remembers_ = true;
    load();
    show();
}

void RecentFiles::load() {
    QSettings settings;
    settings.sync();  // another window may have opened something
    files_.clear();
    for (const QString& text : settings.value(kKey).toStringList())
        if (const auto file = fromText(text); file && files_.size() < kMost) files_.append(*file);
}

void RecentFiles::keep() {
    if (!remembers_) return;
    QStringList texts;
    for (const RecentFile& file : files_) texts << toText(file);
    QSettings().setValue(kKey, texts);
}

void RecentFiles::add(const RecentFile& opened) {
    if (opened.path.isEmpty()) return;
    RecentFile file = opened;
    if (file.kind != RecentKind::Model || QFileInfo(file.path).isDir())
        file.path = QFileInfo(file.path).absoluteFilePath();
    if (remembers_) load();
    missing_.removeAll(file.path);
    files_.removeAll(file);
    files_.prepend(file);
    while (files_.size() > kMost) files_.removeLast();
    keep();
    show();
}

void RecentFiles::clear() {
    files_.clear();
    keep();
    show();
}

void RecentFiles::choose(int index) {
    if (index >= files_.size()) return;
    const RecentFile file = files_[index];
    looks_->add([file] { return isGone(file); },
                [this, file](bool missing) {
                    if (!missing) return Q_EMIT chosen(file);
                    files_.removeAll(file);
                    keep();
                    show();
                    Q_EMIT gone(tr("%1 is no longer there; it was taken off the list.")
                                    .arg(QDir::toNativeSeparators(file.path)));
                },
                [this](const QString& sentence) { Q_EMIT gone(sentence); });
}

void RecentFiles::lookForAll() {
    const auto look = [files = files_] {
        QStringList missing;
        for (const RecentFile& file : files)
            if (isGone(file)) missing << file.path;
        return missing;
    };
    const auto mark = [this](const QStringList& missing) {
        missing_ = missing;
        show();
    };
    looks_->replace(look, mark, {});
}

void RecentFiles::show() {
    for (int i = 0; i < kMost; ++i) {
        QAction& entry = *entries_[i];
        entry.setVisible(i < files_.size());
        if (i >= files_.size()) {
            entry.setText({});  // not listed anywhere
            continue;
        }
        entry.setText(labelOf(files_[i], i + 1, missing_.contains(files_[i].path)));
        entry.setToolTip(QDir::toNativeSeparators(files_[i].path));
    }
    none_->setVisible(files_.isEmpty());
    clear_->setEnabled(!files_.isEmpty());
}

}  // namespace lvr
