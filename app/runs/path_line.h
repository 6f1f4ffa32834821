#pragma once

#include <QWidget>

class QGridLayout;
class QLineEdit;
class QPushButton;

namespace lvr {

class ProblemLabel;

// A path to type or to choose, with what is wrong with it below.
class PathLine : public QWidget {
    Q_OBJECT
public:
    enum class Chooses { Folder, FileOrFolder };
    PathLine(Chooses chooses, const QString& name, QWidget* parent = nullptr);
    QPushButton* addButton(const QString& text);  // after those that choose
    QString path() const;
    void setPath(const QString& path);
    void setHint(const QString& hint);
    void complain(const QString& sentence);  // empty: all is well

Q_SIGNALS:
    void changed();

private:
    void choose(bool file);

    QGridLayout* grid_;
    QLineEdit* line_;
    ProblemLabel* problem_;
};

}  // namespace lvr
