#include "app/window/layout_menu.h"

#include <QInputDialog>
#include <QMenu>
#include <QSettings>
#include <utility>

namespace lvr {
namespace {

constexpr auto kGroup = "layouts";

// A name may hold what would be a path in the settings.
QString keyOf(const QString& name) {
    return QString("%1/%2").arg(kGroup, QString::fromLatin1(name.toUtf8().toHex()));
}

// An ampersand in a menu marks a key.
QString shown(QString name) { return name.replace('&', "&&"); }

}  // namespace

LayoutMenu::LayoutMenu(QMenu* menu, Layout layout, QWidget* window)
    : QObject(window), menu_(menu), layout_(std::move(layout)), window_(window) {
    connect(menu, &QMenu::aboutToShow, this, &LayoutMenu::fill);
    fill();
}

QStringList LayoutMenu::names() {
    QSettings settings;
    settings.beginGroup(kGroup);
    QStringList names;
    for (const QString& key : settings.childKeys())
        names << QString::fromUtf8(QByteArray::fromHex(key.toLatin1()));
    names.sort(Qt::CaseInsensitive);
    return names;
}

void LayoutMenu::saveAs(const QString& name) {
    if (name.isEmpty()) return;
    QSettings().setValue(keyOf(name), layout_.save());
    fillSoon();
}

void LayoutMenu::take(const QString& name) {
    layout_.restore(QSettings().value(keyOf(name)).toByteArray());
}

void LayoutMenu::forget(const QString& name) {
    QSettings().remove(keyOf(name));
    fillSoon();
}

void LayoutMenu::fillSoon() {
    QMetaObject::invokeMethod(this, &LayoutMenu::fill, Qt::QueuedConnection);
}

void LayoutMenu::fill() {
    menu_->clear();
    if (deletes_) std::exchange(deletes_, nullptr)->deleteLater();
    menu_->addAction(tr("&Save layout as…"), this, &LayoutMenu::askForName)
        ->setObjectName("layouts.save");
    menu_->addAction(tr("&Reset layout"), this, [this] { layout_.reset(); })
        ->setObjectName("layouts.reset");
    const QStringList all = names();
    if (all.isEmpty()) return;
    menu_->addSeparator();
    for (const QString& name : all)
        menu_->addAction(shown(name), this, [this, name] { take(name); })
            ->setObjectName("layouts.take-" + name);
    menu_->addSeparator();
    deletes_ = menu_->addMenu(tr("&Delete"));
    for (const QString& name : all)
        deletes_->addAction(shown(name), this, [this, name] { forget(name); })
            ->setObjectName("layouts.delete-" + name);
}

void LayoutMenu::askForName() {
    auto* dialog = new QInputDialog(window_);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setWindowTitle(tr("Save layout"));
    dialog->setLabelText(tr("Name; one that is there already is replaced:"));
    dialog->setComboBoxItems(names());
    dialog->setComboBoxEditable(true);
    connect(dialog, &QInputDialog::textValueSelected, this,
            [this](const QString& name) { saveAs(name.trimmed()); });
    dialog->open();
}

}  // namespace lvr
