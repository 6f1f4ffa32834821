#include "app/shell/help_pages.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFile>
#include <QFontDatabase>
#include <QLabel>
#include <QPushButton>
#include <QRegularExpression>
#include <QSettings>
#include <QSysInfo>
#include <QTextBrowser>
#include <QVBoxLayout>

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

}  // namespace lvr
