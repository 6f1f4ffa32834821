#pragma once

#include <QWidget>

#include "core/values/option_field.h"

class QLabel;
class QToolButton;

namespace lvr {

class ProblemLabel;

// One option: its name, an editor that fits its kind, a way back to the default, and below what is
// wrong with it.
class OptionEditor : public QWidget {
    Q_OBJECT
public:
    explicit OptionEditor(const OptionField& field, QWidget* parent = nullptr);

    const OptionField& field() const { return field_; }
    QString text() const;  // as on the command line
    void setText(const QString& text);
    bool isDefault() const;
    QString problem() const;  // empty: valid
    void reset() { setText(QString::fromStdString(field_.text)); }
    void setNameWidth(int width);

Q_SIGNALS:
    void changed();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    QWidget* makeEditor();
    void build();
    void update();

    OptionField field_;
    QLabel* name_;
    QWidget* editor_;  // QComboBox, QCheckBox or QLineEdit
    QToolButton* reset_;
    ProblemLabel* problem_;
};

}  // namespace lvr
