#pragma once

#include <QDialog>
#include <QStringList>

namespace lvr {

// Version, licence and what the program runs on; `libraries` are named beside Qt.
class AboutDialog : public QDialog {
    Q_OBJECT
public:
    AboutDialog(const QStringList& libraries, QWidget* parent);
};

// A text of the source tree that travels inside the program: README.md (Markdown) or LICENSE.
class TextPage : public QDialog {
    Q_OBJECT
public:
    TextPage(const QString& title, const QString& resource, QWidget* parent);
};

}  // namespace lvr
